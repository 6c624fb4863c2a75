"""From a conversation to the one string a model reads, and how many tokens that string has."""
