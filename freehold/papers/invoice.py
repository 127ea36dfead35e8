"""What an invoice says on paper, in the recipient's language; and its PDF with the XML in it."""

from html import escape
from typing import Final

from freehold.documents import Invoice
from freehold.domain.invoicing import Language, Party
from freehold.papers.facturx import facturx_xml
from freehold.papers.formats import country_text, date_text, money_text, rate_text
from freehold.papers.pages import Attached, html_page, pdf_of
from freehold.papers.words import Word, say

XML_NAME: Final = "factur-x.xml"
_FX: Final = "urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#"
_PROPERTIES: Final = {
    "DocumentFileName": (XML_NAME, "The name of the XML file within"),
    "DocumentType": ("INVOICE", "What kind of document the XML is"),
    "Version": ("1.0", "The version of the XML's specification"),
    "ConformanceLevel": ("EN 16931", "How much of it the XML holds"),
}


def invoice_pdf(invoice: Invoice) -> bytes:
    """Make the PDF/A-3 of an invoice, the same bytes each time. Call it in a thread."""
    xml = facturx_xml(invoice, line_text(invoice))
    attached = Attached(name=XML_NAME, content=xml, xmp=_description())
    return pdf_of(invoice_html(invoice), made_at=invoice.issued_at, attached=attached)


def title_of(invoice: Invoice) -> str:
    """Say what the document is, and its number."""
    return say(invoice.language, "mail_subject", kind=say(invoice.language, invoice.kind), number=invoice.number)


def total_text(invoice: Invoice) -> str:
    """Write what the invoice comes to."""
    return money_text(invoice.amounts.gross, invoice.currency, invoice.language)


def line_text(invoice: Invoice) -> str:
    """Say what is invoiced."""
    lines: dict[str, Word] = {"platform_fee": "fee_line", "dispute_fee": "dispute_line", "credit_note": "credit_line"}
    word = lines.get(invoice.kind)
    return invoice.description if word is None else say(invoice.language, word, title=invoice.description)


def invoice_html(invoice: Invoice) -> str:
    """Write the page of an invoice."""
    language = invoice.language
    body = "".join(
        (
            f"<h1>{escape(say(language, invoice.kind))}</h1>",
            _facts(invoice),
            _parties(invoice),
            _amounts(invoice),
            *(f"<p>{escape(sentence)}</p>" for sentence in _sentences(invoice)),
            f"<p>{escape(invoice.note)}</p>".replace("\n", "<br>") if invoice.note else "",
        )
    )
    return html_page(title_of(invoice), body, language=language, made_at=invoice.issued_at)


def _facts(invoice: Invoice) -> str:
    language = invoice.language
    facts: list[tuple[Word, str]] = [("number", invoice.number), ("issued", date_text(invoice.issued_at, language))]
    if invoice.due_at is not None:
        facts.append(("due", date_text(invoice.due_at, language)))
    if invoice.kind == "sale" and invoice.prepaid:
        facts.append(("paid_on", date_text(invoice.issued_at, language)))
    return "<p>" + "<br>".join(_labelled(language, word, text) for word, text in facts) + "</p>"


def _parties(invoice: Invoice) -> str:
    sides: tuple[tuple[Word, Party], ...] = (("from", invoice.seller), ("to", invoice.buyer))
    cells = (f"<td>{_party(invoice.language, word, party)}</td>" for word, party in sides)
    return f'<table class="parties"><tr>{"".join(cells)}</tr></table>'


def _party(language: Language, word: Word, party: Party) -> str:
    country = "" if party.country is None else country_text(party.country, language)
    lines = [party.name, party.street, f"{party.postal_code} {party.city}".strip(), country]
    written = [f"<bdi>{escape(text)}</bdi>" for text in lines if text]
    numbers: tuple[tuple[Word, str | None], ...] = (("vat_id", party.vat_id), ("tax_number", party.tax_number))
    written += [_labelled(language, name, text) for name, text in numbers if text]
    return f'<span class="word">{escape(say(language, word))}</span><br>' + "<br>".join(written)


def _labelled(language: Language, word: Word, text: str) -> str:
    return f'<span class="word">{escape(say(language, word))}:</span> <bdi>{escape(text)}</bdi>'


def _amounts(invoice: Invoice) -> str:
    language, amounts, treatment = invoice.language, invoice.amounts, invoice.treatment
    rows = [(say(language, "net"), amounts.net)]
    if treatment.case == "domestic":
        rows.append((say(language, "tax", rate=rate_text(treatment.rate_basis_points, language)), amounts.tax))
    if amounts.rounding:
        rows.append((say(language, "rounding"), amounts.rounding))
    head = f"<tr><th>{escape(say(language, 'description'))}</th><th class=sum>{escape(say(language, 'amount'))}</th></tr>"
    lines = [_row(f"<bdi>{escape(line_text(invoice))}</bdi>", amounts.net, invoice)]
    lines += [_row(escape(label), amount, invoice) for label, amount in rows]
    whole = _row(escape(say(language, "total")), amounts.gross, invoice, mark="whole")
    due = "" if invoice.prepaid else _row(escape(say(language, "to_pay")), amounts.gross, invoice, mark="whole")
    return f"<table>{head}{''.join(lines)}{whole}{due}</table>"


def _row(label: str, amount: int, invoice: Invoice, *, mark: str = "") -> str:
    written = escape(money_text(amount, invoice.currency, invoice.language))
    return f'<tr class="{mark}"><td>{label}</td><td class="sum"><bdi>{written}</bdi></td></tr>'


def _sentences(invoice: Invoice) -> list[str]:
    """List what the law or fairness wants to be said."""
    language = invoice.language
    said = [say(language, invoice.treatment.case)]
    if invoice.corrects_number is not None and invoice.corrects_issued_at is not None:
        date = date_text(invoice.corrects_issued_at, language)
        said.insert(0, say(language, "corrects", number=invoice.corrects_number, date=date))
    if invoice.prepaid and invoice.kind != "credit_note":
        said.append(say(language, "nothing_to_pay"))
    if invoice.kind == "sale" and invoice.prepaid:
        said.append(say(language, "held"))
    if invoice.kind in {"sale", "credit_note"}:
        said.append(say(language, "on_behalf"))
    return said


def _description() -> str:
    """Describe the XML in the PDF's metadata, and the schema of that description, as PDF/A wants it."""
    values = "".join(f"<fx:{name}>{value}</fx:{name}>" for name, (value, _) in _PROPERTIES.items())
    schema = "".join(
        f'<rdf:li rdf:parseType="Resource"><pdfaProperty:name>{name}</pdfaProperty:name>'
        "<pdfaProperty:valueType>Text</pdfaProperty:valueType><pdfaProperty:category>external</pdfaProperty:category>"
        f"<pdfaProperty:description>{text}</pdfaProperty:description></rdf:li>"
        for name, (_, text) in _PROPERTIES.items()
    )
    return (
        f'<rdf:Description rdf:about="" xmlns:fx="{_FX}">{values}</rdf:Description>'
        '<rdf:Description rdf:about="" xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"'
        ' xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#">'
        '<pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">'
        f"<pdfaSchema:schema>Factur-X PDFA Extension Schema</pdfaSchema:schema>"
        f"<pdfaSchema:namespaceURI>{_FX}</pdfaSchema:namespaceURI><pdfaSchema:prefix>fx</pdfaSchema:prefix>"
        f"<pdfaSchema:property><rdf:Seq>{schema}</rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas>"
        "</rdf:Description>"
    )


def mail_text(invoice: Invoice, name: str) -> str:
    """Write the mail that brings the invoice to somebody."""
    language = invoice.language
    lines = (
        say(language, "mail_greeting", name=name),
        say(language, "mail_text", number=invoice.number, total=total_text(invoice)),
        say(language, "mail_farewell"),
    )
    return "\n\n".join(lines) + "\n"
