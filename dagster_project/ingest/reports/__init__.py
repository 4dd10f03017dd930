"""Reports as PDF: text, candidate statements, and the review that makes figures of some of them."""
