"""Names the package and nothing more. `pip download` of a source package asks its build backend for metadata; the real
backend would first fetch a tool chain and configure the whole project, though only the archive itself is wanted.
build_llama puts this folder on PYTHONPATH for that one download."""
import os


def prepare_metadata_for_build_wheel(metadata_directory, config_settings=None):
    name = "llama_cpp_python"
    version = os.environ["BIFORGET_SDIST_VERSION"]
    info = f"{name}-{version}.dist-info"
    os.makedirs(os.path.join(metadata_directory, info), exist_ok=True)
    with open(os.path.join(metadata_directory, info, "METADATA"), "w", encoding="utf-8") as out:
        out.write(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    return info
