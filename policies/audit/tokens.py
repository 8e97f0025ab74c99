"""Tokens that can be told by their maker's mark, or by being random all over."""

from __future__ import annotations

import base64
import re

REDACTED = "[redacted]"
"""What stands in a secret's place."""

_PREFIXES = {
    "AWS access key": r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b",
    "AWS session token": r"(?:IQoJb3|FwoGZX)[\w+/=]{80,}",
    "Slack": r"(?:xox[abeoprs]|xapp)-[\w-]{10,}",
    "GitHub": r"(?:gh[pousr]_\w{20,}|github_pat_\w{20,})",
    "GitLab": r"gl(?:pat|rt|dt|cbt|ptt|soat|ffct|ft|imt|agent|oas)-[\w-]{20,}",
    "Atlassian": r"AT(?:ATT|CTT|BB)[\w=-]{20,}",
    "New Relic": r"(?:NR(?:AK|II|IQ|RA)-[\w-]{20,}|[0-9a-f]{36}NRAL\b)",
    "Figma": r"fig[du]_[\w-]{20,}",
    "Rancher": r"(?<!-)(?:token|kubeconfig)-[\w-]{5,}:[a-z0-9]{40,}",
    "Google": r"(?:AIza[\w-]{35}|ya29\.[\w-]{20,})",
    "model provider": r"(?:(?<!-)sk-(?=[\w-]*\d)[\w-]{20,}|hf_\w{20,})",
    "Vault": r"hv[sb]\.[\w-]{20,}",
    "package registry": r"(?:npm_\w{30,}|pypi-[\w-]{30,}|rubygems_[0-9a-f]{40,})",
    "JSON web token": r"(?<!-)eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*",
    "Stripe": r"(?:[sr]k_(?:live|test)_\w{10,}|whsec_\w{20,})",
    "SendGrid": r"SG\.[\w-]{16,}\.[\w-]{16,}",
    "DigitalOcean": r"do[opr]_v1_[0-9a-f]{40,}",
    "Docker": r"dckr_(?:pat|oat)_[\w-]{20,}",
    "Databricks": r"dapi[0-9a-f]{32}\b",
    "Linear": r"lin_api_\w{30,}",
    "Shopify": r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}\b",
    "Grafana": r"glsa_\w{20,}",
    "Postman": r"PMAK-[0-9a-f-]{30,}",
    "Telegram": r"\d{8,10}:AA[\w-]{33}\b",
    "age": r"AGE-SECRET-KEY-1[0-9A-Z]{50,}",
    "Terraform": r"\w{14}\.atlasv1\.[\w-]{60,}",
    "Sentry": r"sntry[su]_[\w=+/]{20,}",
    "Supabase": r"sbp_[0-9a-f]{40}\b",
    "Doppler": r"dp\.(?:pt|st|ct|sa|scim|audit)\.\w{30,}",
    "Pulumi": r"pul-[0-9a-f]{40}\b",
    "Heroku": r"HRKU-[\w-]{30,}",
    "Mailchimp": r"[0-9a-f]{32}-us\d{1,2}\b",
}
"""Tokens that begin with their maker's mark. What must look ahead begins no second time in the same word, so that the
time it takes grows with the text and no faster."""

_MARKS = (
    "akia asia abia acca iqojb3 fwogzx xox xapp- ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- glrt- gldt- glcbt- glptt-"
    " glsoat- glffct- glft- glimt- glagent- gloas- atatt atctt atbb nrak- nrii- nriq- nrra- nral figd_ figu_ token-"
    " kubeconfig- aiza ya29. sk- hf_ hvs. hvb. npm_ pypi- rubygems_ eyj sk_live_ sk_test_ rk_live_ rk_test_ whsec_ sg."
    " do_v1 dop_v1_ doo_v1_ dor_v1_ dckr_ dapi lin_api_ shpat_ shpca_ shppa_ shpss_ glsa_ pmak- :aa age-secret-key-"
    " .atlasv1. sntrys_ sntryu_ sbp_ dp. pul- hrku- -us"
)
"""Of each of them a part in lower case, without which it cannot be there."""

_HINTS = tuple(_MARKS.split())
_TOKEN = re.compile(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_PREFIXES.values())})")
_RUN = re.compile(r"(?<![\w-])[\w-]{15}")
"""What every token has somewhere, and most texts have nowhere."""

_AWS_SECRET = re.compile(r"(?<![A-Za-z0-9/+=_-])(?<!W/\")[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=_-])")
"""Forty characters that stand by themselves; weak ETags may be as long."""

_WORD = re.compile(r"[A-Z]?[a-z]{3,}")
_WORDS = 24
"""Letters in words from which on forty characters are a name: one random text in a thousand has as many."""


def without_tokens(text: str, lower: str) -> str:
    """A text with the tokens in it replaced.

    Args:
        text: any text.
        lower: the same in lower case.
    """
    if _RUN.search(text) and any(hint in lower for hint in _HINTS):
        text = _TOKEN.sub(REDACTED, text)
    return _AWS_SECRET.sub(_mixed, text) if len(text) >= 40 else text


def _mixed(match: re.Match[str]) -> str:
    """An AWS secret key is 40 random characters: capitals all over it, which a hash, a name or a path has not."""
    text = match[0]
    capitals, small, digits = (sum(map(kind, text)) for kind in (str.isupper, str.islower, str.isdigit))
    if min(capitals, small) < 7 or not digits or sum(map(len, _WORD.findall(text))) >= _WORDS or _says_something(text):
        return text
    return REDACTED


def _says_something(text: str) -> bool:
    """Whether this is base64 of a text or of numbers, as in New Relic's entity GUIDs and Exchange's change keys."""
    decoded = base64.b64decode(text)
    if b"\0\0\0" in decoded:
        return True
    try:
        return all(each.isprintable() or each in "\r\n\t" for each in decoded.decode())
    except UnicodeDecodeError:
        return False
