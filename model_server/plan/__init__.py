"""`python -m model_server plan`: does a model fit an instance, before anybody pays for one. Computes, loads nothing."""
