"""The PDF of an invoice: PDF/A-3 with data that an outside library accepts; the same bytes each time; readable in any script.

`factur-x` (the library of the norm's makers) extracts the XML and validates it against the official schema. Whether a file is
PDF/A in every detail is not judged here: no validator for that was at hand.
"""

import io
import subprocess
from typing import get_args
from xml.etree import ElementTree as ET

import facturx
import pypdf
import pytest

from freehold.domain.invoicing import Language, Party
from freehold.domain.vat import Case, Treatment
from freehold.papers.facturx import RAM, facturx_xml
from freehold.papers.invoice import invoice_html, invoice_pdf
from freehold.papers.pages import html_page, pdf_of
from tests.papers.samples import AT, BERLIN, invoice

NAMES = {
    "Greek": "Ελένη Παπαδοπούλου",
    "Cyrillic": "Дмитрий Ёлкин",
    "Polish": "Łukasz Żółć",
    "Chinese": "山田太郎",
    "Korean": "김민준",
    "Arabic": "شركة النور",
    "Hebrew": "שלום כהן",
}


def xml_of(content: bytes) -> ET.Element:
    """Take the XML out of a PDF, as a recipient's software does; the schema is checked on the way."""
    name, xml = facturx.get_xml_from_pdf(content, check_xsd=True)
    assert name == "factur-x.xml"
    return ET.fromstring(xml)


def texts(root: ET.Element, name: str) -> list[str]:
    return [str(each.text) for each in root.iter(f"{{{RAM}}}{name}")]


def text_of(content: bytes) -> str:
    """Read what the pages say."""
    ran = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    return ran.stdout.decode()


def test_it_is_the_same_bytes_each_time():
    made = invoice(language="ar", buyer=Party(name=NAMES["Arabic"]))
    assert invoice_pdf(made) == invoice_pdf(made)


def test_it_says_what_it_is_and_carries_its_data():
    reader = pypdf.PdfReader(io.BytesIO(invoice_pdf(invoice())))
    root = reader.trailer["/Root"]
    metadata = root["/Metadata"].get_object().get_data().decode()
    assert 'pdfaid:part="3"' in metadata
    assert 'pdfaid:conformance="B"' in metadata
    assert metadata.count("<rdf:RDF") == 1
    assert "<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>" in metadata
    assert root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert {each.get_object()["/AFRelationship"] for each in root["/AF"]} == {"/Data"}
    assert reader.metadata["/CreationDate"] == "D:20260302093000Z"


def test_every_font_is_inside():
    reader = pypdf.PdfReader(io.BytesIO(invoice_pdf(invoice(buyer=Party(name=" ".join(NAMES.values()))))))
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    described = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"] for font in fonts]
    assert described
    assert all({"/FontFile2", "/FontFile3"} & set(each) for each in described)


@pytest.mark.parametrize("case", get_args(Case))
@pytest.mark.parametrize(("currency", "gross"), [("EUR", 19_005), ("JPY", 19_005), ("KWD", 19_005)])
def test_the_data_meets_the_official_schema_in_every_case_of_tax(case, currency, gross):
    treatment = Treatment(case=case, rate_basis_points=1_900 if case == "domestic" else 0)
    made = invoice(treatment=treatment, currency=currency, gross=gross)
    xml = facturx_xml(made, "Work")
    assert facturx.xml_check_xsd(xml, flavor="factur-x", level="en16931")
    (category,) = set(texts(ET.fromstring(xml), "CategoryCode"))
    assert category == treatment.category


@pytest.mark.parametrize("kind", ["sale", "platform_fee", "dispute_fee", "credit_note"])
@pytest.mark.parametrize("language", get_args(Language))
def test_every_kind_in_every_language_is_one_page_with_its_data(kind, language):
    corrects = {"corrects_number": "INV-2026-000007", "corrects_issued_at": AT} if kind == "credit_note" else {}
    content = invoice_pdf(invoice(kind=kind, language=language, **corrects))
    root = xml_of(content)
    assert texts(root, "TypeCode")[0] == ("381" if kind == "credit_note" else "380")
    assert ("INV-2026-000007" in texts(root, "IssuerAssignedID")) is (kind == "credit_note")
    assert len(pypdf.PdfReader(io.BytesIO(content)).pages) == 1
    assert "INV-2026-000001" in text_of(content)


def test_the_sums_in_the_data_add_up_exactly():
    root = xml_of(invoice_pdf(invoice(gross=3, prepaid=False, due_at=AT)))
    sums = {
        name: texts(root, name)
        for name in ("TaxBasisTotalAmount", "TaxTotalAmount", "RoundingAmount", "GrandTotalAmount", "DuePayableAmount")
    }
    assert sums == {
        "TaxBasisTotalAmount": ["0.03"],
        "TaxTotalAmount": ["0.01"],
        "RoundingAmount": ["-0.01"],
        "GrandTotalAmount": ["0.04"],
        "DuePayableAmount": ["0.03"],
    }


def test_a_paid_invoice_leaves_nothing_due():
    root = xml_of(invoice_pdf(invoice()))
    assert (texts(root, "TotalPrepaidAmount"), texts(root, "DuePayableAmount")) == (["190.05"], ["0.00"])


def test_outside_the_scope_nobodys_vat_id_and_no_rate_stands_in_the_data():
    root = ET.fromstring(facturx_xml(invoice(treatment=Treatment(case="outside_scope")), "Work"))
    assert texts(root, "RateApplicablePercent") == []
    assert "DE136695976" not in ET.tostring(root, encoding="unicode")


@pytest.mark.parametrize("script", NAMES)
def test_a_name_in_any_of_these_scripts_can_be_read(script):
    content = invoice_pdf(invoice(buyer=Party(name=NAMES[script])))
    said = "".join(each for each in text_of(content) if each not in "\u202a\u202b\u202c\u202d\u202e")
    words = [word for word in NAMES[script].split() if word not in said and word[::-1] not in said]
    assert words == []


def test_what_people_write_is_text_and_never_markup():
    hostile = "<img src='file:///etc/passwd'><script>x</script> & \"quotes\""
    made = invoice(
        description=hostile, note=hostile, buyer=Party(name=hostile, street=hostile, city=hostile, country="FR"),
        seller=Party(**{**{name: getattr(BERLIN, name) for name in ("street", "city", "country")}, "name": hostile}),
    )  # fmt: skip
    assert "<img" not in invoice_html(made)
    assert "<script" not in invoice_html(made)
    root = xml_of(invoice_pdf(made))
    assert hostile in texts(root, "Name")


def test_a_page_fetches_nothing():
    page = html_page("x", "<img src='http://127.0.0.1:9/x.png'><p>Here.</p>", language="en", made_at=AT)
    assert "Here." in text_of(pdf_of(page, made_at=AT))
