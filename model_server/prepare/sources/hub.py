"""Checkpoints on the Hugging Face hub: the only home of huggingface_hub, in what its versions 0.36 and 2 share.

The library's own `snapshot_download` throws an unfinished file away since version 1, and takes a folder that has
anything in it for complete when the hub refuses. So this lists with `model_info` and reads with `http_get`, which can
begin in the middle. The library reads HF_TOKEN and HF_ENDPOINT itself, and sends no token on to another host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO

from huggingface_hub import HfApi, get_token, hf_hub_url
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers, disable_progress_bars, logging  # type: ignore[attr-defined]  # both do

from model_server.errors import ConfigurationError
from model_server.prepare.sources.base import Listing, SourceFile, SourceInterrupted

COMMIT = re.compile(r"[0-9a-f]{40}")
# What both generations raise when a connection fails: OSError with requests, the base of HfHubHTTPError with httpx.
CONNECTION_ERRORS: tuple[type[Exception], ...] = (OSError, HfHubHTTPError.__bases__[0])


@dataclass(frozen=True, slots=True)
class HubSource:
    """`revision` as a person wrote it; only a whole commit hash is downloaded, because branches and tags move."""

    repository: str
    revision: str

    @property
    def name(self) -> str:
        return self.repository

    @property
    def pinned_revision(self) -> str | None:
        return self.revision if COMMIT.fullmatch(self.revision) else None

    def list_files(self) -> Listing:
        with self._sentences():
            information = HfApi().model_info(self.repository, revision=self.revision or None, files_metadata=True)
        if information.sha != self.revision:
            raise ConfigurationError(
                f"{self.revision or 'The newest revision'!r} of {self.repository} can change, and now stands for the "
                f"commit {information.sha}. Ask for that: --source {self.repository}@{information.sha}"
            )
        files = [
            SourceFile(
                name=sibling.rfilename,
                size_bytes=sibling.size or 0,
                identity=str(sibling.blob_id),
                sha256=None if sibling.lfs is None else sibling.lfs.sha256,
            )
            for sibling in information.siblings or []
        ]
        return Listing(self.revision, tuple(files))

    def copy(self, file: SourceFile, start: int, target: BinaryIO) -> None:
        disable_progress_bars()  # there is one for all files,
        logging.set_verbosity_error()  # type: ignore[no-untyped-call]  # and one sentence for what goes wrong
        url = hf_hub_url(self.repository, file.name, revision=self.revision)
        with self._sentences():
            http_get(url, target, resume_size=start, headers=build_hf_headers(), expected_size=file.size_bytes)

    @contextmanager
    def _sentences(self) -> Iterator[None]:
        """Turn what the library raises into a sentence, or into SourceInterrupted where trying again may help."""
        try:
            yield
        except GatedRepoError as error:
            raise ConfigurationError(self._gated()) from error
        except RevisionNotFoundError as error:
            raise ConfigurationError(
                f"{self.repository} has no revision {self.revision!r} on the hub. Look its commits up on its page."
            ) from error
        except (RepositoryNotFoundError, HFValidationError) as error:
            raise ConfigurationError(
                f"There is no model {self.repository!r} on the hub, or it is private. "
                "Check the name, or set HF_TOKEN to a token that may read it."
            ) from error
        except HfHubHTTPError as error:
            status = error.response.status_code
            if status in (401, 403):
                raise ConfigurationError(
                    f"The hub refuses HF_TOKEN for {self.repository} (status {status}). Set a token that may read it."
                ) from error
            raise SourceInterrupted(f"the hub answered with status {status}") from error
        except CONNECTION_ERRORS as error:
            raise SourceInterrupted(f"the connection to the hub failed ({type(error).__name__})") from error

    def _gated(self) -> str:
        if get_token() is None:
            return (
                f"{self.repository} is gated, and no token is set. Accept its terms on its page on the hub, "
                "and set HF_TOKEN to a token of that account."
            )
        return (
            f"{self.repository} is gated, and the account of this HF_TOKEN has no access. "
            "Accept its terms on its page on the hub, and try again when access is granted."
        )
