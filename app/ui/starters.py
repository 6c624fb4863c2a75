"""What the empty page offers to ask: one of each kind of task that the published examples show."""

LIGHTHOUSE = (
    "The old lighthouse at Port Maren was built in 1874 by the engineer Clara Voss. For ninety years its lamp burned "
    "oil, and a keeper climbed the 212 steps every evening to light it. In 1964 the lamp was replaced by an electric "
    "one, and the last keeper, Tomas Bell, moved to the village below. Today the tower is a small museum. Visitors can "
    "climb to the lamp room, see the old logbooks, and look out over the bay, where seals rest on the rocks in spring. "
    "The museum is open from May to October and closes on Mondays."
)

# What the card says → what is sent.
STARTERS = {
    "Ask a question: what is Twinstream?": "What is Twinstream, and what can I do with it?",
    "Read a passage and answer from it": (
        f"Read this passage and answer the question.\n\n{LIGHTHOUSE}\n\nQuestion: Who built the lighthouse?"
    ),
    "Solve a word problem, with the reasoning": (
        "A baker has 12 trays with 6 rolls each. She sells 50 rolls. How many rolls are left? Explain your reasoning."
    ),
    "Get a shell command, explained": (
        "Which shell command shows the ten largest files in the current directory? Explain it."
    ),
}
