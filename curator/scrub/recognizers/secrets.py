"""API keys, tokens and private keys that say by their form whose or what they are."""

import regex

from curator.scrub.recognizers.base import RegexRecognizer, Rule, rule

_B = r"[A-Za-z0-9_\-]"
"""base64url"""
_A = r"[A-Za-z0-9]"

# Provider → pattern. The forms are the providers' own, as their documentation and secret scanners describe them.
_FORMS: dict[str, str] = {
    # Language models and their tools
    "anthropic": rf"sk-ant-[a-z0-9]{{2,10}}-{_B}{{20,}}",
    "openai": rf"sk-(?:proj|svcacct|admin|None)-{_B}{{20,}}|sk-{_A}{{32,64}}|sess-{_A}{{40}}",
    "openrouter": r"sk-or-(?:v\d-)?[a-f0-9]{32,64}",
    "langfuse": r"(?:sk|pk)-lf-[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
    "langsmith": r"lsv2_(?:pt|sk)_[a-f0-9]{32}_[a-f0-9]{10}|ls__[a-f0-9]{32}",
    "hugging face": r"(?:hf|api_org)_[A-Za-z0-9]{30,40}",
    "groq": rf"gsk_{_A}{{40,60}}",
    "xai": rf"xai-{_A}{{60,90}}",
    "perplexity": rf"pplx-{_A}{{40,60}}",
    "replicate": rf"r8_{_A}{{37}}",
    "pinecone": r"pcsk_[A-Za-z0-9_]{40,90}",
    "tavily": rf"tvly-(?:dev-|prod-)?{_A}{{20,40}}",
    "nvidia": rf"nvapi-{_B}{{50,80}}",
    "fireworks": rf"fw_{_A}{{22,32}}",
    "voyage": rf"pa-{_B}{{40,50}}",
    "elevenlabs": r"sk_[a-f0-9]{48}",
    "weights and biases": rf"wandb_v1_{_B}{{40,}}",
    "helicone": r"sk-helicone-[a-z0-9\-]{20,}",
    # Clouds
    "aws key id": r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}",
    "google api key": rf"AIza{_B}{{35}}",
    "google oauth": rf"GOCSPX-{_B}{{28}}|ya29\.{_B}{{20,}}|1//0{_B}{{40,}}",
    "azure storage": r"(?<=AccountKey=)[A-Za-z0-9+/]{86}==",
    "azure client secret": r"[A-Za-z0-9_~.]{3}[78]Q~[A-Za-z0-9_~.\-]{31,34}",
    "azure devops": rf"[A-Za-z0-9]{{76}}AZDO{_A}{{4}}",
    "digitalocean": r"do[opr]_v1_[a-f0-9]{64}",
    "alibaba": rf"LTAI{_A}{{12,26}}",
    "tencent": rf"AKID{_A}{{32}}",
    "heroku": rf"HRKU-{_B}{{30,70}}",
    "fly": r"fo1_[\w-]{43}|fm[12][ar]?_[A-Za-z0-9+/=_-]{60,}",
    "netlify": rf"nfp_{_A}{{36}}",
    "vercel": rf"vc[pikarb]_{_A}{{24,60}}",
    "supabase": r"sb[ps]_[a-f0-9]{40}|sb_secret_[A-Za-z0-9_-]{20,}",
    "planetscale": rf"pscale_(?:tkn|pw|oauth)_{_B}{{32,64}}",
    "databricks": r"dapi[a-f0-9]{32}(?:-\d)?",
    "scaleway": r"SCW[A-Z0-9]{17}",
    # Code and packages
    "github": r"gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}|github_pat_[A-Za-z0-9_]{6"
    r"0,100}",
    "gitlab": rf"gl(?:pat|dt|rt|cbt|ptt|ft|imt|soat|agent|oas|feat)-{_B}{{20,64}}|GR1348941{_B}{{20}}",
    "bitbucket": rf"ATBB{_A}{{28,36}}|ATCTT3x{_B}{{60,}}",
    "atlassian": r"ATATT3x[A-Za-z0-9_\-=]{60,}",
    "npm": rf"npm_{_A}{{36}}",
    "pypi": rf"pypi-AgE{_B}{{40,}}",
    "rubygems": r"rubygems_[a-f0-9]{48}",
    "docker": rf"dckr_(?:pat|oat)_{_B}{{24,40}}",
    "clojars": r"CLOJARS_[a-z0-9]{60}",
    "artifactory": rf"AKCp{_A}{{69,73}}|cmVmdGtu{_A}{{56}}",
    "terraform": rf"{_A}{{14}}\.atlasv1\.{_B}{{60,70}}",
    "pulumi": r"pul-[a-f0-9]{40}",
    "vault": rf"hv[sbr]\.{_B}{{24,300}}",
    "doppler": rf"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]+\.)?{_A}{{40,44}}",
    "1password": r"ops_eyJ[A-Za-z0-9+/=]{100,}|A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})"
    r"(?:-[A-Z0-9]{5}){3}",
    "age": r"AGE-SECRET-KEY-1[QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L]{58}",
    "postman": r"PMAK-[a-f0-9]{24}-[a-f0-9]{34}",
    # Messages
    "slack": r"xox[abeoprs]-[A-Za-z0-9\-]{10,250}|xapp-\d-[A-Z0-9]+-\d+-[a-z0-9]+|xoxe\.xox[bp]-\d-[A-Za-z0-9]{100,}",
    "slack webhook": r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9+/]{30,90}",
    "discord": r"[MNO][A-Za-z\d_-]{23,27}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,45}",
    "discord webhook": r"https://(?:ptb\.|canary\.)?discord(?:app)?\.com/api/webhooks/\d{15,22}/[\w-]{50,90}",
    "teams webhook": r"https://[a-z0-9-]+\.webhook\.office\.com/webhookb2/[\w@/.-]{60,200}",
    "telegram": r"\d{8,10}:AA[A-Za-z0-9_-]{32,34}",
    "twilio": r"(?:SK|AC)[a-f0-9]{32}",
    "sendgrid": rf"SG\.{_B}{{16,32}}\.{_B}{{16,64}}",
    "mailgun": r"key-[a-f0-9]{32}|[a-f0-9]{32}-[a-f0-9]{8}-[a-f0-9]{8}",
    "mailchimp": r"[a-f0-9]{32}-us\d{1,2}",
    "brevo": rf"xkeysib-[a-f0-9]{{64}}-{_A}{{16}}",
    "postmark, resend": rf"re_{_A}{{8}}_{_A}{{24}}",
    "typeform": rf"tfp_{_B}{{40,59}}",
    "intercom, linear, notion": rf"lin_(?:api|oauth)_{_A}{{32,64}}|(?:secret|ntn)_{_A}{{43,50}}",
    "airtable": r"pat[A-Za-z0-9]{14}\.[a-f0-9]{64}",
    "figma": rf"fig[dou][rh]?_{_B}{{40,60}}",
    "asana": r"[12]/\d{15,17}(?:/\d{15,17})?:[a-f0-9]{32}",
    # Money
    "stripe": rf"(?:sk|rk)_(?:live|test)_{_A}{{16,250}}|whsec_[A-Za-z0-9+/=]{{24,80}}",
    "square": rf"sq0(?:atp|csp|idp)-{_B}{{22,43}}|EAAA{_B}{{60}}",
    "paypal": r"access_token\$(?:production|sandbox)\$[a-z0-9]{16}\$[a-f0-9]{32}",
    "shopify": r"shp(?:at|ss|ca|pa)_[a-fA-F0-9]{32}",
    "razorpay": rf"rzp_(?:live|test)_{_A}{{14,24}}",
    "plaid": r"access-(?:sandbox|development|production)-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "flutterwave": r"FLW(?:SEC|PUB)K(?:_TEST)?-[a-zA-Z0-9]{32}-X",
    "easypost": rf"EZ[AT]K{_A}{{54}}",
    # Watching
    "datadog": r"ddp_[A-Za-z0-9]{36}|pub[a-f0-9]{32}",
    "new relic": r"NRAK-[A-Z0-9]{27}|NRJS-[a-f0-9]{19}|NRI[IQ]-[A-Za-z0-9_-]{32}",
    "grafana": rf"glsa_{_A}{{32}}_[A-Fa-f0-9]{{8}}|glc_[A-Za-z0-9+/]{{32,}}={{0,2}}",
    "sentry": r"sntry[su]_[A-Za-z0-9+/=_-]{60,}|https://[a-f0-9]{32}(?::[a-f0-9]{32})?@[\w.-]+/\d+",
    "dynatrace": r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}",
    "honeycomb": r"hc[abx][a-z]{2}_[a-z0-9]{58}",
    "posthog": rf"ph[cxs]_{_A}{{40,48}}",
    "mapbox": rf"[ps]k\.eyJ{_B}{{30,}}\.{_B}{{16,}}",
    "facebook": rf"EAA[MC]{_A}{{60,}}",
    "twitter": r"AAAAAAAAAAAAAAAAAAAAA[A-Za-z0-9%]{40,}",
    "dropbox": rf"sl\.(?:u\.)?{_B}{{60,}}",
    "firebase": rf"AAAA{_B}{{7}}:APA91b{_B}{{100,}}",
    "contentful": rf"CFPAT-{_B}{{43}}",
    "tailscale": rf"tskey-[a-z]+-{_B}{{10,}}",
    "okta": rf"(?<=SSWS[ ])00{_B}{{40}}",
    "json web token": rf"eyJ{_B}{{8,}}\.eyJ{_B}{{8,}}\.(?:{_B}{{8,}})?",
    "json web encryption": rf"eyJ{_B}{{8,}}\.{_B}*\.{_B}{{8,}}\.{_B}{{8,}}\.{_B}{{8,}}",
}


class SecretRecognizer(RegexRecognizer):
    """Keys and tokens of about ninety kinds by prefix and length: never by entropy, which takes hashes for keys."""

    ENTITY = "SECRET"
    RULES = tuple(
        Rule(provider, regex.compile(rf"(?<![A-Za-z0-9_])(?:{form})(?![A-Za-z0-9])"), 0.9)
        for provider, form in _FORMS.items()
    )

    def accept(self, match: "regex.Match[str]", score: float) -> float:
        """`sk-xxxxxxxxxxxx` in a manual is no key: a key has at least six different characters after its prefix."""
        return score if len(set(match.group()[4:])) >= 6 else 0


_BODY = r"(?:[A-Za-z0-9+/=:,.\s\-]|\\n|\\r|\\)"


class PrivateKeyRecognizer(RegexRecognizer):
    """From the opening line to the closing one, or as far as the armour goes when the closing line was cut off."""

    ENTITY = "SECRET"
    RULES = (
        rule(
            "PEM",
            r"-----BEGIN[ ](?P<kind>(?:[A-Z0-9]+[ ]){0,3})PRIVATE[ ]KEY(?:[ ]BLOCK)?-----"
            rf"(?:(?:(?!-----){_BODY}){{0,12000}}+-----END[ ](?P=kind)PRIVATE[ ]KEY(?:[ ]BLOCK)?-----"
            r"|(?:[A-Za-z0-9+/=\s]|\\n|\\r){0,8000}+)",
            0.99,
        ),
        rule("PuTTY", r"PuTTY-User-Key-File-\d:.{0,8000}?Private-MAC:[ ]?[0-9a-f]{40,64}", 0.99, regex.DOTALL),
        rule(
            "AWS secret key",
            r"(?i:aws.{0,20}secret.{0,20}|secret[ _]?access[ _]?key.{0,6})[\s:=\"']{1,6}(?P<value>[A-Za-z0-9/+]{"
            r"40})(?![A-Za-z0-9/+])",
            0.9,
        ),
    )
