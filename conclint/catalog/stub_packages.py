"""Names that only annotations use: packages of stubs that state each class of a library anew."""

from __future__ import annotations

import re
from typing import Final

_BOTO3: Final = re.compile(
    r"(?:mypy_boto3_\w+|types_boto3_\w+)\.(?:(?P<module>client|service_resource|paginator|waiter)\.)?(?P<cls>[A-Z]\w*)(?P<rest>(?:\..*)?)"
)
"""One for each service (https://youtype.github.io/boto3_stubs_docs/): `S3Client`, `S3ServiceResource`,
and the resources of a service, such as `Bucket`, in `service_resource`."""
_GOOGLE: Final = re.compile(
    r"googleapiclient\._apis\.\w+\.\w+\.(?:resources\.)?(?:\w+Resource\.)*(?P<kind>\w+?(?:Resource|HttpRequest))(?P<rest>(?:\.[a-z]\w*)?)"
)
"""One for each service (https://github.com/henribru/google-api-python-client-stubs): `DriveResource`, in it
`FilesResource` and so on."""
PREFIXES: Final = ("mypy_boto3_", "types_boto3_", "googleapiclient._apis.")


def described_name(dotted: str) -> str:
    """The name of the library itself for one of a package of stubs; what is no such name stays as it is."""
    if not dotted.startswith(PREFIXES):
        return dotted
    if (google := _GOOGLE.fullmatch(dotted)) is not None:
        is_request = google["kind"].endswith("HttpRequest")
        own = "googleapiclient.http.HttpRequest" if is_request else "googleapiclient.discovery.Resource"
        return own + google["rest"]
    found = _BOTO3.fullmatch(dotted)
    if found is None:
        return dotted
    if found["cls"].endswith("Client"):
        return f"botocore.client.BaseClient{found['rest']}"
    if found["module"] == "service_resource" or found["cls"].endswith("ServiceResource"):
        return f"boto3.resources.base.ServiceResource{found['rest']}"
    for ending, own in (("Paginator", "botocore.paginate.Paginator"), ("Waiter", "botocore.waiter.Waiter")):
        if found["cls"].endswith(ending):
            return own + found["rest"]
    return dotted
