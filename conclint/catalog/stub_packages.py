"""Names that only annotations use: packages of stubs that state each class of a library anew."""

from __future__ import annotations

import re
from typing import Final

_BOTO3: Final = re.compile(
    r"(?:mypy_boto3_\w+|types_boto3_\w+)\.(?:(?P<module>client|service_resource)\.)?(?P<cls>[A-Z]\w*)(?P<rest>(?:\..*)?)"
)
"""One for each service (https://youtype.github.io/boto3_stubs_docs/): `S3Client`, `S3ServiceResource`,
and the resources of a service, such as `Bucket`, in `service_resource`."""
PREFIXES: Final = ("mypy_boto3_", "types_boto3_")


def described_name(dotted: str) -> str:
    """The name of the library itself for one of a package of stubs; what is no such name stays as it is."""
    if not dotted.startswith(PREFIXES):
        return dotted
    found = _BOTO3.fullmatch(dotted)
    if found is None:
        return dotted
    if found["cls"].endswith("Client"):
        return f"botocore.client.BaseClient{found['rest']}"
    if found["module"] == "service_resource" or found["cls"].endswith("ServiceResource"):
        return f"boto3.resources.base.ServiceResource{found['rest']}"
    return dotted
