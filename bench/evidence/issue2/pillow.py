"""Judges pictures with Pillow, a reader that no code of ours uses.

Standard input: a JSON list of {"source", "page", "output"}. Standard output: a JSON list of {"psnr"} or {"says"}, in that order.
Both are brought to RGB on white, the source turned as its EXIF says; PSNR over all channels in dB, 999 for equal pictures.
"""

import json
import math
import sys

from PIL import Image, ImageChops, ImageOps, ImageStat

Image.MAX_IMAGE_PIXELS = 200_000_000


def flat(image):
    if image.mode in ("I;16", "I;16B", "I;16L", "I"):
        image = image.point(lambda value: value / 256).convert("L")
    if image.mode in ("P", "LA", "PA", "RGBA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def judged(source, page, output):
    try:
        theirs = Image.open(source)
        theirs.seek(page)
        theirs.load()
        # Pillow turns a TIFF while it loads it, and leaves the tag there.
        theirs = flat(theirs if theirs.format == "TIFF" else ImageOps.exif_transpose(theirs))
    except Exception as error:
        return {"says": f"{type(error).__name__}: {error}"[:120]}
    ours = Image.open(output).convert("RGB")
    if ours.size != theirs.size:
        return {"says": f"{ours.size} instead of {theirs.size}", "wrong": True}
    squares = ImageStat.Stat(ImageChops.difference(ours, theirs)).sum2
    mean = sum(squares) / (3 * ours.size[0] * ours.size[1])
    return {"psnr": 999 if mean == 0 else round(10 * math.log10(255 * 255 / mean), 1)}


json.dump([judged(**each) for each in json.load(sys.stdin)], sys.stdout)
