"""An invoice as data: the XML of Factur-X (profile EN 16931) that lies in its PDF.

Sums are written with the digits that ISO 4217 gives the currency. Where EN 16931 wants what nobody has told us (the country of
a recipient without a tax profile), it is left out, not made up: the schema allows that, the norm's own rules would complain.
Source: EN 16931-1:2017; UN/CEFACT Cross Industry Invoice D22B, as Factur-X 1.0 uses it; UNTDID 1001, 5305.
"""

from datetime import datetime
from typing import Final
from xml.etree import ElementTree as ET

from freehold.documents import Invoice
from freehold.domain.invoicing import Party, decimal_text, percent_text
from freehold.papers.words import say

PROFILE: Final = "urn:cen.eu:en16931:2017"
RSM: Final = "urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
RAM: Final = "urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
UDT: Final = "urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"
QDT: Final = "urn:un:unece:uncefact:data:standard:QualifiedDataType:100"
TYPE_CODES: Final = {"sale": "380", "platform_fee": "380", "dispute_fee": "380", "credit_note": "381"}
_NAMESPACES: Final = {"rsm": RSM, "ram": RAM, "udt": UDT, "qdt": QDT}
_NO_RATE: Final = "O"
"""The category that must name neither a rate nor anybody's VAT id."""


def facturx_xml(invoice: Invoice, line_text: str) -> bytes:
    """Write the XML of an invoice whose one line says `line_text`."""
    root = ET.Element("rsm:CrossIndustryInvoice", {f"xmlns:{prefix}": uri for prefix, uri in _NAMESPACES.items()})
    context = ET.SubElement(root, "rsm:ExchangedDocumentContext")
    _text(_sub(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", PROFILE)
    _document(root, invoice)
    trade = ET.SubElement(root, "rsm:SupplyChainTradeTransaction")
    _line(trade, invoice, line_text)
    agreement = _sub(trade, "ApplicableHeaderTradeAgreement")
    _party(_sub(agreement, "SellerTradeParty"), invoice.issuer_id, invoice.seller, invoice)
    _party(_sub(agreement, "BuyerTradeParty"), invoice.recipient_id, invoice.buyer, invoice)
    _sub(trade, "ApplicableHeaderTradeDelivery")
    _settlement(_sub(trade, "ApplicableHeaderTradeSettlement"), invoice)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _document(root: ET.Element, invoice: Invoice) -> None:
    document = ET.SubElement(root, "rsm:ExchangedDocument")
    _text(document, "ID", invoice.number)
    _text(document, "TypeCode", TYPE_CODES[invoice.kind])
    _day(_sub(document, "IssueDateTime"), "udt", invoice.issued_at)
    if invoice.note:
        _text(_sub(document, "IncludedNote"), "Content", invoice.note)


def _line(trade: ET.Element, invoice: Invoice, line_text: str) -> None:
    net = decimal_text(invoice.amounts.net, invoice.currency)
    item = _sub(trade, "IncludedSupplyChainTradeLineItem")
    _text(_sub(item, "AssociatedDocumentLineDocument"), "LineID", "1")
    _text(_sub(item, "SpecifiedTradeProduct"), "Name", line_text)
    _text(_sub(_sub(item, "SpecifiedLineTradeAgreement"), "NetPriceProductTradePrice"), "ChargeAmount", net)
    _text(_sub(item, "SpecifiedLineTradeDelivery"), "BilledQuantity", "1", unitCode="C62")
    settlement = _sub(item, "SpecifiedLineTradeSettlement")
    tax = _sub(settlement, "ApplicableTradeTax")
    _text(tax, "TypeCode", "VAT")
    _text(tax, "CategoryCode", invoice.treatment.category)
    _rate(tax, invoice)
    _text(_sub(settlement, "SpecifiedTradeSettlementLineMonetarySummation"), "LineTotalAmount", net)


def _party(element: ET.Element, identifier: str, party: Party, invoice: Invoice) -> None:
    _text(element, "ID", identifier)
    _text(element, "Name", party.name)
    if party.country is not None:
        address = _sub(element, "PostalTradeAddress")
        lines = (("PostcodeCode", party.postal_code), ("LineOne", party.street), ("CityName", party.city))
        for name, text in (*lines, ("CountryID", party.country)):
            if text:
                _text(address, name, text)
    shown = {"VA": None if invoice.treatment.category == _NO_RATE else party.vat_id, "FC": party.tax_number}
    for scheme, number in shown.items():
        if number:
            _text(_sub(element, "SpecifiedTaxRegistration"), "ID", number, schemeID=scheme)


def _settlement(element: ET.Element, invoice: Invoice) -> None:
    _text(element, "InvoiceCurrencyCode", invoice.currency)
    _tax(element, invoice)
    if invoice.due_at is not None:
        _day(_sub(_sub(element, "SpecifiedTradePaymentTerms"), "DueDateDateTime"), "udt", invoice.due_at)
    _sums(_sub(element, "SpecifiedTradeSettlementHeaderMonetarySummation"), invoice)
    if invoice.corrects_number is not None and invoice.corrects_issued_at is not None:
        reference = _sub(element, "InvoiceReferencedDocument")
        _text(reference, "IssuerAssignedID", invoice.corrects_number)
        _day(_sub(reference, "FormattedIssueDateTime"), "qdt", invoice.corrects_issued_at)


def _tax(element: ET.Element, invoice: Invoice) -> None:
    amounts, treatment = invoice.amounts, invoice.treatment
    tax = _sub(element, "ApplicableTradeTax")
    _text(tax, "CalculatedAmount", decimal_text(amounts.tax, invoice.currency))
    _text(tax, "TypeCode", "VAT")
    if treatment.case != "domestic":
        _text(tax, "ExemptionReason", say(invoice.language, treatment.case))
    _text(tax, "BasisAmount", decimal_text(amounts.net, invoice.currency))
    _text(tax, "CategoryCode", treatment.category)
    _rate(tax, invoice)


def _sums(element: ET.Element, invoice: Invoice) -> None:
    amounts, currency = invoice.amounts, invoice.currency
    net, with_tax = decimal_text(amounts.net, currency), decimal_text(amounts.net + amounts.tax, currency)
    prepaid = amounts.gross if invoice.prepaid else 0
    _text(element, "LineTotalAmount", net)
    _text(element, "TaxBasisTotalAmount", net)
    _text(element, "TaxTotalAmount", decimal_text(amounts.tax, currency), currencyID=currency)
    _text(element, "RoundingAmount", decimal_text(amounts.rounding, currency))
    _text(element, "GrandTotalAmount", with_tax)
    _text(element, "TotalPrepaidAmount", decimal_text(prepaid, currency))
    _text(element, "DuePayableAmount", decimal_text(amounts.gross - prepaid, currency))


def _rate(tax: ET.Element, invoice: Invoice) -> None:
    if invoice.treatment.category != _NO_RATE:
        _text(tax, "RateApplicablePercent", percent_text(invoice.treatment.rate_basis_points))


def _day(element: ET.Element, prefix: str, at: datetime) -> None:
    ET.SubElement(element, f"{prefix}:DateTimeString", {"format": "102"}).text = f"{at:%Y%m%d}"


def _sub(parent: ET.Element, name: str) -> ET.Element:
    return ET.SubElement(parent, f"ram:{name}")


def _text(parent: ET.Element, name: str, text: str, **attributes: str) -> None:
    ET.SubElement(parent, f"ram:{name}", attributes).text = text
