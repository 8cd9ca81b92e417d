"""The parts of the HTML page: `page` puts them together, `charts` and `draw` make its figures.

`template.html`, `style.css` and `script.js` are real files; nothing of them is written in Python.
"""
