"""From the uploaded file to its text: unpacked, its encoding known, each byte's place kept."""
