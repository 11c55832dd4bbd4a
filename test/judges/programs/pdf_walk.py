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
    " /Annot /Link /AcroForm /XFA /Widget /Metadata /Encrypt /OCProperties /OCG /Outlines /Dests /Names /Threads /Perms"
    " /DSS /StructTreeRoot /PieceInfo /Info /ID /Prev /XRefStm /Collection /A /Action /S /Type3 /Alternates /OPI /Ref"
    " /JBIG2Decode /JPXDecode /LZWDecode /Crypt /Collection /ActualText /Alt /Lang /MarkInfo /ViewerPreferences".split()
)
KEYS = set(
    "/Type /Pages /Kids /Count /Parent /MediaBox /Resources /Contents /Font /XObject /H /V /I /Subtype /Width /Height"
    " /ColorSpace /BitsPerComponent /Filter /Length /Length1 /BaseFont /CIDSystemInfo /Registry /Ordering /Supplement"
    " /FontDescriptor /DW /W /DW2 /W2 /CIDToGIDMap /Encoding /DescendantFonts /ToUnicode /FontName /Flags /FontBBox"
    " /ItalicAngle /Ascent /Descent /CapHeight /StemV /FontFile2 /Root /Size".split()
)
NAMES = set(
    "/Catalog /Pages /Page /Font /FontDescriptor /XObject /Image /Type0 /CIDFontType2 /SekishoInvisible /Identity"
    " /Identity-H /Identity-V /DeviceGray /DeviceRGB /DCTDecode /FlateDecode".split()
)
STRINGS = {b"Adobe", b"Identity"}
FONT = "849011f920ca0b6714bb022e7625515117d69ff6283ad45a2d1cedb81ae78e88"
TAIL = re.compile(rb"\ntrailer\n<< /Size \d+ /Root 1 0 R >>\nstartxref\n(\d+)\n%%EOF\n\Z")
CONTENT = re.compile(
    rb"q\n\S+ 0 0 \S+ 0 0 cm\n/I Do\nQ\n(?:BT\n3 Tr\n(?:/[HV] 1 Tf\n|(?:-?[\d.]+ ){6}Tm\n|<[0-9A-F]+> Tj\n)+ET\n)?\Z"
)


class Walk:
    def __init__(self, pdf):
        self.pdf = pdf
        self.found = []

    def value(self, where, value, depth=0):
        if depth > 30:
            self.found.append("%s: nested too deep" % where)
        elif isinstance(value, pikepdf.Stream):
            self.stream(where, value)
        elif isinstance(value, (pikepdf.Dictionary, pikepdf.Array)):
            if depth > 0 and value.is_indirect:
                return
            items = value.items() if isinstance(value, pikepdf.Dictionary) else (("", each) for each in value)
            for key, inner in items:
                if key != "":
                    self.key(where, key)
                self.value(where, inner, depth + 1)
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

    def key(self, where, key):
        if key in KEYS:
            return
        self.found.append("%s: %s %s" % (where, "active key" if key in ACTIVE else "key", key))

    def stream(self, where, stream):
        for key, inner in stream.items():
            self.key(where, key)
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
        if stream.get("/Filter") == pikepdf.Name("/DCTDecode"):
            data = stream.read_raw_bytes()
            if not data.startswith(b"\xff\xd8\xff\xdb") or not data.endswith(b"\xff\xd9"):
                self.found.append("%s: a JPEG with more in it than a picture" % where)
            if data.find(b"\xff\xd9") != len(data) - 2:
                self.found.append("%s: something behind a JPEG" % where)
        elif len(stream.read_bytes()) != (width * bits + 7) // 8 * height:
            self.found.append("%s: pixels of another size" % where)


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
