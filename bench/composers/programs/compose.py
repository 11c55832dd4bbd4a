"""Mails by Python's email package: a case (JSON) a line in, {"mails": [base64 …]} a line out. Both of its interfaces."""
import base64
import email.charset
import email.policy
import json
import sys
from email.header import Header
from email.message import EmailMessage
from email.mime.application import MIMEApplication
from email.mime.base import MIMEBase
from email.mime.image import MIMEImage
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr


def modern(case):
    policy = email.policy.SMTP.clone(cte_type="7bit")
    message = EmailMessage(policy=policy)
    message["From"] = formataddr((case["fromName"], case["from"])) if case["fromName"].isascii() else "%s <%s>" % (quoted(case["fromName"]), case["from"])
    message["To"] = ", ".join("%s <%s>" % (quoted(name), address) if name else address for name, address in case["to"])
    if case["cc"]:
        message["Cc"] = ", ".join(case["cc"])
    message["Subject"] = case["subject"]
    facts(message, case)
    cte = {"7bit": "quoted-printable", "8bit": "base64"}.get(case["encoding"], case["encoding"])
    message.set_content("\n".join(case["text"]) + "\n", charset=case["charset"], cte=cte)
    if case["html"]:
        message.add_alternative(case["html"], subtype="html", charset="utf-8")
        for each in case["inline"]:
            message.get_payload()[1].add_related(base64.b64decode(each["base64"]), "image", "png", cid="<image001.png@01DB>", filename=each["name"])
    for each in case["files"]:
        data = base64.b64decode(each["base64"])
        kind, sub = each["type"].split("/")
        if each["type"] == "message/rfc822":
            message.add_attachment(email.message_from_bytes(data, policy=policy))
        else:
            message.add_attachment(data, maintype=kind, subtype=sub, filename=each["name"])
    return message.as_bytes(policy=policy)


def quoted(name):
    return '"%s"' % name.replace("\\", "\\\\").replace('"', '\\"') if name else ""


def facts(message, case):
    message["Date"] = case["date"]
    message["Message-ID"] = case["messageId"]
    if case["inReplyTo"]:
        message["In-Reply-To"] = case["inReplyTo"]
        message["References"] = case["inReplyTo"]
    if case["replyTo"]:
        message["Reply-To"] = case["replyTo"]


def legacy(case):
    charset = case["charset"]
    text = MIMEText("\n".join(case["text"]) + "\n", "plain", charset)
    if case["html"]:
        both = MIMEMultipart("alternative")
        both.attach(text)
        page = MIMEText(case["html"], "html", "utf-8")
        if case["inline"]:
            related = MIMEMultipart("related")
            related.attach(page)
            for each in case["inline"]:
                image = MIMEImage(base64.b64decode(each["base64"]), "png")
                image.add_header("Content-ID", "<image001.png@01DB>")
                related.attach(image)
            page = related
        both.attach(page)
        text = both
    message = text
    if case["files"]:
        message = MIMEMultipart()
        message.attach(text)
        for each in case["files"]:
            data = base64.b64decode(each["base64"])
            if each["type"] == "message/rfc822":
                part = MIMEMessage(email.message_from_bytes(data))
            else:
                part = MIMEApplication(data, each["type"].split("/")[1])
            part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", each["name"]))
            message.attach(part)
    spelled = charset if charset != "shift_jis" else "utf-8"
    message["Subject"] = Header(case["subject"], spelled)
    message["From"] = formataddr((str(Header(case["fromName"], spelled)) if case["fromName"] else "", case["from"]))
    message["To"] = ", ".join(address for _, address in case["to"])
    facts(message, case)
    return message.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


for line in sys.stdin:
    case = json.loads(line)
    make = modern if case["number"] % 2 else legacy
    print(json.dumps({"mails": [base64.b64encode(make(case)).decode()]}), flush=True)
