"""SageMaker in a real browser: real boto3, a local SageMaker, and in most tests the real built-in model behind it."""

import re
import time
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from app.backends.catalog import BackendChoice, backend_choices
from app.settings import Settings
from app.ui.running import RunningAnswers
from model_server.sagemaker.local.dialects.tgi import Tgi
from model_server.sagemaker.local.endpoints import Container, Endpoint
from model_server.sagemaker.local.faults import Fault
from model_server.sagemaker.local.in_thread import in_thread
from model_server.sagemaker.local.server import LocalSageMaker
from tests.browser.chat_page import ChatPage
from tests.browser.product import nobodys_environment, running_local_sagemaker, running_page
from tests.model_server.sagemaker.local.scripted_model import ScriptedModel

pytestmark = pytest.mark.browser

NAME = "Zorvelle"
SILENT = Endpoint("silent", Container("huggingface-pytorch-tgi-inference:2.0.1-tgi1.1.0", {}, Tgi((1, 1))))
RELEASE_SECONDS = 0.1
TRIES = 10  # of which the best counts, from when the click arrives: a busy machine takes its time over everything


@pytest.fixture(scope="module")
def both_backends() -> Iterator[str]:
    """The address of the page that the local SageMaker's one line starts."""
    with running_local_sagemaker() as variables, running_page(**variables) as url:
        yield url


@pytest.fixture
def local(monkeypatch: pytest.MonkeyPatch) -> Iterator[LocalSageMaker]:
    """One endpoint that says a little and then nothing; this process's boto3 finds it."""
    with in_thread(lambda: LocalSageMaker(ScriptedModel(pause_after=2), (SILENT,))) as server:
        account = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local", "AWS_ENDPOINT_URL": server.url}
        for name, value in nobodys_environment(**account).items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
def silent_page(local: LocalSageMaker, page: Page, serve_choices: Callable[..., str]) -> ChatPage:
    chat = ChatPage(page, serve_choices(*_sagemaker_alone()))
    expect(chat.status).to_contain_text("is ready")
    return chat


def test_a_chat_goes_from_the_built_in_model_to_endpoints_and_back(page: Page, both_backends: str) -> None:
    chat = ChatPage(page, both_backends)
    chat.set_slider("temperature", 0)
    chat.ask(f"My name is {NAME}.")
    chat.backend("SageMaker").click()
    expect(chat.endpoint).not_to_have_value("")
    for name in (
        "component-tgi-3",
        "vllm",
        "lmi-15-rolling",
        "serverless",
    ):
        chat.choose_endpoint(name)
        expect(chat.status).to_contain_text("is ready")
        answer = chat.ask("What is my name?")
        assert NAME in answer
        assert "SageMaker · " in answer
        assert name in answer

    chat.backend("Built-in model").click()
    answer = chat.ask("What is my name?")
    assert NAME in answer
    assert "Built-in model · " in answer


@pytest.mark.parametrize(
    ("fault", "sentence", "has_text"),
    [
        (Fault.TIME_OVER, "The answer took longer than SageMaker allows and was ended there.", True),
        (Fault.BAD_CHECKSUM, "What the endpoint sent cannot be read, so the answer was ended here.", True),
        (Fault.ACCESS_DENIED, "These AWS credentials may not do sagemaker:InvokeEndpoint.", False),
    ],
)
def test_a_fault_is_a_sentence_below_what_had_arrived(
    page: Page, both_backends: str, fault: Fault, sentence: str, has_text: bool
) -> None:
    chat = ChatPage(page, both_backends)
    chat.backend("SageMaker").click()
    expect(chat.endpoint).not_to_have_value("")
    chat.choose_endpoint(f"fault-{fault.value}")
    text, _, notes = chat.ask("Tell me a joke.").partition(sentence)
    assert notes or chat.last_answer.inner_text().endswith(sentence)
    assert bool(re.search(r"\w", text)) == has_text

    chat.choose_endpoint("vllm")
    assert "SageMaker · vllm" in chat.ask("What is Twinstream?")


def test_stop_closes_the_connection_to_a_silent_endpoint_at_once(
    silent_page: ChatPage, local: LocalSageMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopped_at: list[float] = []
    stop = RunningAnswers.stop

    def timed(running: RunningAnswers, session: str) -> None:
        stopped_at.append(time.monotonic())
        stop(running, session)

    monkeypatch.setattr(RunningAnswers, "stop", timed)
    delays: list[float] = []
    while not delays or (min(delays) >= RELEASE_SECONDS and len(delays) < TRIES):
        _stop(silent_page)
        delays.append(local.log.wait_until_broken_off(len(delays) + 1) - stopped_at[-1])
    assert min(delays) < RELEASE_SECONDS, delays


def test_a_closed_tab_closes_the_connection(silent_page: ChatPage, local: LocalSageMaker) -> None:
    silent_page.send("Hello!")
    expect(silent_page.last_answer).to_contain_text("Hel")
    silent_page.page.close()
    local.log.wait_until_broken_off()


def test_without_an_account_the_line_says_what_to_set(page: Page, built_in_page: str) -> None:
    chat = ChatPage(page, built_in_page)
    expect(page.locator("#unusable")).to_contain_text("No AWS credentials were found. Set AWS_PROFILE")
    expect(chat.backend("SageMaker").locator("input")).to_be_disabled()
    assert "Built-in model · " in chat.ask("Hello!")


def _sagemaker_alone() -> tuple[BackendChoice, ...]:
    choices = backend_choices(Settings(aws_region="us-west-2"), None)
    return tuple(choice for choice in choices if choice.endpoints)


def _stop(chat: ChatPage) -> None:
    """Stops an answer of which nothing more arrives."""
    chat.send("Hello!")
    expect(chat.last_answer).to_contain_text("Hel")
    chat.page.locator("#stop").click()
    chat.wait_for_end()
    expect(chat.last_answer).to_contain_text("Stopped.")
