"""The formats, one file each: `text`, `html`, `json`, `sarif`, `github`."""
