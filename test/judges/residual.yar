/*
 * Residual active content: what no output of ours may hold, whatever it calls itself. Run over decoded leaves and over the
 * files of our archives. The pixels and fonts of honest files must not match by chance: strings are long, or anchored.
 */

rule executable_pe { strings: $dos = "This program cannot be run in DOS mode" nocase condition: $dos or (uint16(0) == 0x5A4D and uint32(uint32(0x3C)) == 0x00004550) }
rule executable_elf { condition: uint32(0) == 0x464C457F }
rule executable_macho { condition: uint32(0) == 0xFEEDFACE or uint32(0) == 0xFEEDFACF or uint32be(0) == 0xFEEDFACE or uint32be(0) == 0xFEEDFACF or uint32be(0) == 0xCAFEBABE }
rule compound_file { condition: uint32be(0) == 0xD0CF11E0 and uint32be(4) == 0xA1B11AE1 }
rule compound_file_inside { strings: $a = { D0 CF 11 E0 A1 B1 1A E1 } condition: $a }
rule shortcut { strings: $a = { 4C 00 00 00 01 14 02 00 00 00 00 00 C0 00 00 00 00 00 00 46 } condition: $a }
rule cabinet { condition: uint32be(0) == 0x4D534346 }
rule rar { strings: $a = { 52 61 72 21 1A 07 } condition: $a at 0 }
rule seven_zip { strings: $a = { 37 7A BC AF 27 1C } condition: $a at 0 }
rule flash { strings: $a = "FWS" $b = "CWS" $c = "ZWS" condition: ($a at 0 or $b at 0 or $c at 0) and uint8(3) < 60 }
rule rtf { strings: $a = "{\\rt" condition: $a at 0 }
rule onenote { strings: $a = { E4 52 5C 7B 8C D8 A7 4D AE B1 53 78 D0 29 96 D3 } condition: $a at 0 }
rule tnef { condition: uint32(0) == 0x223E9F78 }

/* A `.txt` or `.csv` of ours begins with a byte order mark and may quote HTML: no program runs it. */
private rule html_told_as_text { condition: uint16be(0) == 0xEFBB and uint8(2) == 0xBF }

rule html_script
{
    strings:
        $a = /<(script|iframe|object|embed|applet|meta\s|link\s|base\s|svg|form\s)[\s>\/]/ nocase
        $b = /\bon(error|load|click|mouseover|focus)\s*=\s*["'][^"']/ nocase
        $xml = "<?xml" nocase
        $doctype = "<!DOCTYPE" nocase
        $pdf = "%PDF-"
        $png = { 89 50 4E 47 }
        $jpeg = { FF D8 FF }
        $pk = { 50 4B 03 04 }
    condition:
        ($a or $b or $xml at 0 or $doctype at 0) and not ($pdf at 0 or $png at 0 or $jpeg at 0 or $pk at 0) and not html_told_as_text
}

rule vba_macro
{
    strings:
        $a = "vbaProject.bin" nocase
        $b = "_VBA_PROJECT" wide ascii
        $c = "Attribute VB_Name" nocase
        $d = "ThisDocument.cls" nocase
        $e = "macrosheets/" nocase
    condition: any of them
}

rule office_external
{
    strings:
        $a = "TargetMode=\"External\"" nocase
        $b = "attachedTemplate" nocase
        $c = "oleObject" nocase
        $d = "DDEAUTO" nocase
        $e = "word/embeddings/" nocase
        $f = "xl/externalLinks/" nocase
        $g = "customUI/" nocase
        $h = "Ole10Native" wide ascii
        $pk = { 50 4B 03 04 }
    condition: $pk at 0 and any of ($a, $b, $c, $d, $e, $f, $g, $h)
}

rule pdf_active
{
    strings:
        $pdf = "%PDF-"
        $a = /\/(JS|JavaScript|AA|OpenAction|Launch|EmbeddedFiles?|Filespec|SubmitForm|ImportData|GoToR|GoToE|RichMedia|AcroForm|XFA|ObjStm|Encrypt|URI)[\s\/<(\[>]/
        $hash = /\/[A-Za-z]*#[0-9A-Fa-f]{2}[A-Za-z#0-9]*[\s\/<(\[]/
        $behind = /%%EOF\s+[^\s]/
    // A PDF in a ZIP of ours is looked at by itself; what else a ZIP holds is the judge zip's to say.
    condition: $pdf in (0..1024) and uint32be(0) != 0x504B0304 and any of ($a, $hash, $behind)
}

rule pdf_not_at_start { strings: $pdf = "%PDF-1." condition: $pdf in (1..1024) and uint32be(0) != 0x504B0304 }

rule zip_inside
{
    strings:
        $local = { 50 4B 03 04 (0A|14|2D) 00 }
        $end = { 50 4B 05 06 00 00 00 00 }
        $png = { 89 50 4E 47 0D 0A 1A 0A }
        $jpeg = { FF D8 FF }
        $pdf = "%PDF-"
    condition: ($png at 0 or $jpeg at 0 or $pdf at 0) and $local and $end
}

rule picture_text
{
    strings:
        $png = { 89 50 4E 47 0D 0A 1A 0A }
        $jpeg = { FF D8 FF }
        $a = /(tEXt|zTXt|iTXt|eXIf|iCCP|acTL)/
        $exif = "Exif\x00\x00"
        $xmp = "http://ns.adobe.com/xap/1.0/"
        $iend = { 00 00 00 00 49 45 4E 44 AE 42 60 82 }
    condition:
        ($png at 0 and ($xmp or for any i in (1..#a): (@a[i] < 100) or not $iend at (filesize - 12)))
        or ($jpeg at 0 and ($exif in (0..40) or $xmp in (0..1000) or uint16be(filesize - 2) != 0xFFD9))
}

rule formula { strings: $a = /"[ \t]*[=@](cmd|HYPERLINK|WEBSERVICE|DDE|IMPORT[A-Z]+|SUM|EXEC)/ nocase $bom = { EF BB BF 22 } condition: $bom at 0 and $a }

rule eicar
{
    strings:
        $a = "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!"
    condition: $a
}
