"""Every object of a PDF, by pikepdf: one {"file": path} a line in, a list of findings a line out.

What may stand there was read out of docs/output-grammar-pdf.md; a file with anything else was not written by us. Names of
active things are told apart, so that a finding says what it found.
"""
import hashlib
import json
import re
import sys

import pikepdf

ACTIVE = set(
    "/JS /JavaScript /AA /OpenAction /Launch /EmbeddedFile /EmbeddedFiles /Filespec /EF /F /UF /URI /SubmitForm /ImportData"
    " /ResetForm /GoTo /GoToR /GoToE /Named /Hide /Movie /Sound /Rendition /RichMedia /RichMediaContent /Screen /Annots"
    " /Annot /Link /AcroForm /XFA /Widget /Metadata /Encrypt /OCProperties /OCG /Dests /Names /Threads /Perms"
    " /DSS /StructTreeRoot /PieceInfo /Info /ID /Prev /XRefStm /Collection /A /Action /S /Type3 /Alternates /OPI /Ref"
    " /JBIG2Decode /JPXDecode /LZWDecode /Crypt /Collection /ActualText /Alt /Lang /MarkInfo /ViewerPreferences".split()
)
def shape(required, optional=""):
    return (frozenset(required.split()), frozenset(optional.split()))


# Dictionaries by their keys: what must be there, what may. Indirect objects, what stands inside of these, and streams.
OBJECTS = [
    shape("/Type /Pages", "/Outlines"),
    shape("/Type /Kids /Count"),
    shape("/Type /Parent /MediaBox /Resources /Contents"),
    shape("/Type /FontName /Flags /FontBBox /ItalicAngle /Ascent /Descent /CapHeight /StemV /FontFile2"),
    shape("/Type /Subtype /BaseFont /CIDSystemInfo /FontDescriptor /DW /W /CIDToGIDMap"),
    shape("/Type /Subtype /BaseFont /CIDSystemInfo /FontDescriptor /DW /DW2 /W2 /CIDToGIDMap"),
    shape("/Type /Subtype /BaseFont /Encoding /DescendantFonts /ToUnicode"),
    shape("/Type /First /Last /Count"),
    shape("/Title /Parent", "/Prev /Next /First /Last /Count /Dest"),
]
INNER = [
    shape("/Registry /Ordering /Supplement"),
    shape("/Font /XObject"),
    shape("/H /V"),
    shape("/I"),
    shape("/K /Columns /Rows"),
]
STREAMS = [
    shape("/Length /Length1"),
    shape("/Length /Filter"),
    shape("/Length /Filter /Type /Subtype /Width /Height /ColorSpace /BitsPerComponent", "/DecodeParms"),
]
TRAILER = [shape("/Size /Root")]
NAMES = set(
    "/Catalog /Pages /Page /Font /FontDescriptor /XObject /Image /Type0 /CIDFontType2 /SekishoInvisible /Identity"
    " /Identity-H /Identity-V /Outlines /XYZ /Indexed /DeviceGray /DeviceRGB /DCTDecode /FlateDecode /CCITTFaxDecode".split()
)
STRINGS = {b"Adobe", b"Identity"}
FONT = "849011f920ca0b6714bb022e7625515117d69ff6283ad45a2d1cedb81ae78e88"
TAIL = re.compile(rb"\ntrailer\n<< /Size \d+ /Root 1 0 R >>\nstartxref\n(\d+)\n%%EOF\n\Z")
CONTENT = re.compile(
    rb"q\n\S+ 0 0 \S+ 0 0 cm\n/I Do\nQ\n(?:BT\n3 Tr\n(?:/[HV] 1 Tf\n|(?:-?[\d.]+ ){6}Tm\n|<[0-9A-F]+> Tj\n)+ET\n)?\Z"
)


# Text that people see in bookmarks: no controls, nothing that cannot be seen.
UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff0-\uffff]")


class Walk:
    def __init__(self, pdf):
        self.pdf = pdf
        self.found = []

    def keys(self, where, dictionary, shapes):
        keys = set(dictionary.keys())
        for key in sorted(keys & ACTIVE - {"/Prev"}):
            self.found.append("%s: active key %s" % (where, key))
        if not any(required <= keys <= required | optional for required, optional in shapes):
            self.found.append("%s: keys %s" % (where, " ".join(sorted(keys))))

    def value(self, where, value, depth=0):
        if depth > 30:
            self.found.append("%s: nested too deep" % where)
        elif isinstance(value, pikepdf.Stream):
            self.stream(where, value)
        elif isinstance(value, pikepdf.Dictionary):
            if depth == 0 or not value.is_indirect:
                self.keys(where, value, TRAILER if where == "trailer" else INNER if depth > 0 else OBJECTS)
                for key, inner in value.items():
                    if key == "/Title":
                        self.title(where, inner)
                    else:
                        self.value(where, inner, depth + 1)
        elif isinstance(value, pikepdf.Array):
            self.array(where, value, depth)
        elif isinstance(value, pikepdf.Name):
            if str(value) in ACTIVE:
                self.found.append("%s: active name %s" % (where, value))
            elif str(value) not in NAMES:
                self.found.append("%s: name %s" % (where, value))
        elif isinstance(value, pikepdf.String):
            if bytes(value) not in STRINGS:
                self.found.append("%s: string of %d bytes" % (where, len(bytes(value))))
        elif value is None:
            self.found.append("%s: null" % where)

    def array(self, where, array, depth):
        items = list(array)
        if len(items) == 4 and items[0] == pikepdf.Name("/Indexed"):
            if items[1] != pikepdf.Name("/DeviceRGB") or len(bytes(items[3])) != 3 * (int(items[2]) + 1):
                self.found.append("%s: palette" % where)
            return
        if len(items) == 5 and items[1] == pikepdf.Name("/XYZ"):
            if items[0].get("/Type") != pikepdf.Name("/Page") or items[2] is not None or items[4] is not None:
                self.found.append("%s: a bookmark that leads elsewhere" % where)
            return
        for inner in items:
            self.value(where, inner, depth + 1)

    def title(self, where, title):
        data = bytes(title)
        if not data.startswith(b"\xfe\xff") or len(data) > 802 or UNSEEN.search(data[2:].decode("utf-16-be", "replace")):
            self.found.append("%s: title of a bookmark" % where)

    def stream(self, where, stream):
        self.keys(where, stream, STREAMS)
        for _, inner in stream.items():
            self.value(where, inner, 1)
        kind = stream.get("/Subtype")
        if kind == pikepdf.Name("/Image"):
            self.image(where, stream)
            return
        data = stream.read_bytes()
        if "/Length1" in stream:
            if hashlib.sha256(data).hexdigest() != FONT:
                self.found.append("%s: another font program" % where)
        elif not data.startswith(b"/CIDInit /ProcSet findresource begin\n") and CONTENT.match(data) is None:
            self.found.append("%s: content that is not a picture and invisible text: %r" % (where, data[:60]))

    def image(self, where, stream):
        width, height, bits = (int(stream.get(key)) for key in ("/Width", "/Height", "/BitsPerComponent"))
        kind = str(stream.get("/Filter"))
        if kind == "/DCTDecode":
            for fault in jpeg(stream.read_raw_bytes()):
                self.found.append("%s: %s" % (where, fault))
        elif kind == "/CCITTFaxDecode":
            parameters = stream.get("/DecodeParms")
            if [int(parameters.get(key)) for key in ("/K", "/Columns", "/Rows")] != [-1, width, height]:
                self.found.append("%s: parameters of a fax" % where)
            data = stream.read_raw_bytes()
            if re.search("000000000001000000000001" + "0{0,7}$", bin(int.from_bytes(data[-5:], "big"))) is None:
                self.found.append("%s: a fax without an end, or something behind it" % where)
        elif "/DecodeParms" in stream or len(stream.read_bytes()) != (width * bits + 7) // 8 * height:
            self.found.append("%s: pixels of another size" % where)


def jpeg(data):
    """Segments of docs/output-grammar-pdf.md, section 6, then blocks up to EOI, which ends the data."""
    names = []
    at = 2
    while at + 4 <= len(data) and data[at] == 0xFF and (not names or names[-1] != "da"):
        marker = data[at + 1]
        names.append("%x" % marker + ("%02x" % data[at + 4] if marker in (0xC4, 0xDB) else ""))
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    if data[:2] != b"\xff\xd8" or names != "db00 db01 c0 c400 c410 c401 c411 da".split():
        return ["JPEG of %s" % " ".join(names)]
    end = re.search(b"\xff[^\x00]", data[at:])
    return [] if end and end.group() == b"\xff\xd9" and at + end.end() == len(data) else ["something behind a JPEG, or among its blocks"]


def frame(data):
    """First and last bytes: nothing before, nothing behind, one revision."""
    found = []
    if not data.startswith(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"):
        found.append("frame: begins with something else")
    tail = TAIL.search(data)
    if tail is None:
        found.append("frame: ends with something else")
    elif data[int(tail.group(1)) : int(tail.group(1)) + 5] != b"xref\n":
        found.append("frame: startxref leads elsewhere")
    if data.count(b"\nstartxref\n") != 1:
        found.append("frame: more than one revision")
    return found


def look(path):
    with open(path, "rb") as file:
        found = frame(file.read())
    try:
        with pikepdf.open(path, attempt_recovery=False, suppress_warnings=True) as pdf:
            if pdf.is_encrypted:
                found.append("encrypted")
            walk = Walk(pdf)
            walk.value("trailer", pdf.trailer)
            count = 0
            for number, each in enumerate(pdf.objects):
                count += 1
                walk.value("object %d" % (number + 1), each)
            if count < 13:
                walk.found.append("%d objects" % count)
            found += walk.found + ["pikepdf: %s" % warning for warning in pdf.get_warnings()]
    except Exception as error:
        found.append("pikepdf: %s" % error)
    return sorted(set(found))[:30]


for line in sys.stdin:
    print(json.dumps(look(json.loads(line)["file"])), flush=True)
