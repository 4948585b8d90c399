"""`make run`: the deployed handlers on one machine, behind stand-ins for AWS that are configured by template.yaml.

Open `service.py` first: it puts the parts together. `demo.py`, `demo_board.py` and
`example_file.py` have the demo data.
"""
