"""Pure rules that interpret labels by the vocabulary, `vocabulary.toml`.

Start with `interpretation.py`, then `vocabulary.py`.
"""
