#!/bin/sh
# What a container of the model server runs.
#
#   docker run IMAGE serve         as SageMaker starts it: every address, port 8080, the model in /opt/ml/model if there
#   docker run IMAGE               the same server on port 8000 (the image's default command has the options)
#   docker run IMAGE plan …        any command and options of `python -m model_server`
#   docker run IMAGE ray start …   any other program, which is how KubeRay starts Ray
set -eu

sagemaker_model=${SAGEMAKER_MODEL_DIR:-/opt/ml/model}

case "${1:-}" in
serve)
    if [ "$#" -eq 1 ]; then
        if [ -f "$sagemaker_model/config.json" ]; then
            export MODEL_DIR="$sagemaker_model"
        fi
        set -- serve --host 0.0.0.0 --port "${SAGEMAKER_BIND_TO_PORT:-8080}"
    fi
    exec python -m model_server "$@"
    ;;
prepare | plan)
    exec python -m model_server "$@"
    ;;
"")
    echo "entrypoint: name a command: serve, prepare, plan, or any program of the image." >&2
    exit 2
    ;;
*)
    exec "$@"
    ;;
esac
