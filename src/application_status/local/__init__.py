"""`make run`: the deployed handlers on one machine, behind stand-ins for AWS that are configured by template.yaml.

Open `service.py` first: it puts the parts together. `demo.py` and `demo_board.py` have the demo data.
"""
