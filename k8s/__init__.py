"""Manifests, and the one program that writes a part of them."""
