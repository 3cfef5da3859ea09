"""Report API: reports, uploads and the page over HTTP."""
