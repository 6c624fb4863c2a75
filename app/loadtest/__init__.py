"""`python -m app.loadtest`: measures any backend of the page the way the published load table was made.

`run.py` has the order of events; `figures.py` the arithmetic, which everything else is only there to feed or to show.
"""
