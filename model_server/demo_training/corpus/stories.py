"""Stories with slots: every sentence has variants, and the names stay the same from start to end."""

from model_server.demo_training.corpus.names import invented_word, real_name
from model_server.demo_training.corpus.source import Source
from model_server.demo_training.corpus.texts import sections

_SENTENCES_OF_SHORT_STORY = (0, 2, 4, 8, 12, 15, 16, 19)
_INVENTED_HERO_SHARE = 0.15


def hero(source: Source) -> str:
    """Return what the hero of a story is."""
    is_invented = source.chance(_INVENTED_HERO_SHARE)
    return invented_word(source, 2, 3) if is_invented else source.pick(sections("stories")["words"].variants("animal"))


def story(source: Source, hero_kind: str, name: str = "", *, is_short: bool = False) -> str:
    """Return a story in three paragraphs; without a name the hero gets one."""
    texts = sections("stories")
    fields = {kind: source.pick(texts["words"].variants(kind)) for kind in ("place", "treasure", "friend")}
    fields |= {"hero": hero_kind, "name": name or real_name(source)}
    lines = texts["story"].all("S")
    chosen = [lines[index] for index in _SENTENCES_OF_SHORT_STORY] if is_short else lines
    sentences = [source.pick(line.split(" | ")).format(**fields) for line in chosen]
    third = len(sentences) // 3
    paragraphs = (sentences[:third], sentences[third : 2 * third], sentences[2 * third :])
    return "\n\n".join(" ".join(paragraph) for paragraph in paragraphs)
