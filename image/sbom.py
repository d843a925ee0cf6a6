"""The list of an image's parts in a form that other programs read: SPDX 2.3, JSON.

https://spdx.github.io/spdx-spec/v2.3/ ; the names of fields below are that specification's.
"""

import datetime
import json
import re
import uuid
from typing import Any

from licences import NO_ASSERTION, Licences
from parts import Part
from release import Release

IMAGE_ID = "SPDXRef-image"


def render(what: Release, parts: list[Part], licences: Licences, image_sha256: str) -> str:
    """The document. The same parts and the same image give the same text."""
    created = datetime.datetime.fromtimestamp(what.at_s, datetime.UTC)
    described = {_identifier(part): part for part in parts}
    document = {
        "spdxVersion": "SPDX-2.3",
        "dataLicense": "CC0-1.0",
        "SPDXID": "SPDXRef-DOCUMENT",
        "name": what.image_name,
        "documentNamespace": uuid.uuid5(uuid.NAMESPACE_OID, f"{what} {image_sha256}").urn,
        "creationInfo": {
            "created": created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "creators": [f"Tool: foyer-{what.version}"],
        },
        "packages": [
            _image(what, image_sha256),
            *(_package(identifier, part) for identifier, part in described.items()),
        ],
        "hasExtractedLicensingInfos": [
            {"licenseId": reference, "extractedText": text}
            for reference, text in sorted(licences.texts.items())
        ],
        "relationships": [
            _relationship("SPDXRef-DOCUMENT", "DESCRIBES", IMAGE_ID),
            *(_relationship(IMAGE_ID, "CONTAINS", identifier) for identifier in described),
        ],
    }
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def _image(what: Release, sha256: str) -> dict[str, Any]:
    return {
        "SPDXID": IMAGE_ID,
        "name": f"{what.image_name}.img",
        "versionInfo": what.version,
        "primaryPackagePurpose": "OPERATING-SYSTEM",
        "downloadLocation": NO_ASSERTION,
        "filesAnalyzed": False,
        "licenseConcluded": NO_ASSERTION,
        "licenseDeclared": NO_ASSERTION,
        "copyrightText": NO_ASSERTION,
        "checksums": [{"algorithm": "SHA256", "checksumValue": sha256}],
    }


def _package(identifier: str, part: Part) -> dict[str, Any]:
    package: dict[str, Any] = {
        "SPDXID": identifier,
        "name": part.name,
        "versionInfo": part.version,
        "downloadLocation": NO_ASSERTION,
        "filesAnalyzed": False,
        "licenseConcluded": NO_ASSERTION,
        "licenseDeclared": part.licence,
        "copyrightText": NO_ASSERTION,
        "externalRefs": [
            {"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl", "referenceLocator": part.url}
        ],
    }
    # "Name <address>" is written "Organization: Name (address)" there.
    maker = re.fullmatch(r"(.+?)\s*<(.+)>", part.supplier)
    if maker:
        package["supplier"] = f"Organization: {maker[1]} ({maker[2]})"
    elif part.supplier:
        package["supplier"] = f"Organization: {part.supplier}"
    if part.homepage.startswith(("http://", "https://")):
        package["homepage"] = part.homepage
    if part.sha256:
        package["checksums"] = [{"algorithm": "SHA256", "checksumValue": part.sha256}]
    if part.built_from:
        package["sourceInfo"] = f"built from the source package {part.built_from}"
    return package


def _identifier(part: Part) -> str:
    # Letters, digits, "." and "-" only.
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.]", "-", f"{part.kind}-{part.name}".replace("+", "plus"))


def _relationship(element: str, kind: str, related: str) -> dict[str, str]:
    return {"spdxElementId": element, "relationshipType": kind, "relatedSpdxElement": related}
