"""Documents for people: the PDF of an invoice, statements. The only functions that load what sets pages."""
