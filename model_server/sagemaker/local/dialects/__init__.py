"""What the containers of SageMaker read and write, by image and version. Pure: no model, no HTTP."""
