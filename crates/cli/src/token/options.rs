//! Options of `firewarden token`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use firewarden::auth::{Profile, Verifier};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Mint a custom token, with which a user can sign in
    #[command(after_help = MINT_HELP)]
    Mint(MintOptions),
    /// Exchange a custom token for the claims of an ID token, or for a signed one
    #[command(after_help = EXCHANGE_HELP)]
    Exchange(ExchangeOptions),
    /// Verify a token: signature, and every claim that says for whom and when
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyOptions),
    /// Tell what a callable function gets to know of a call, or which HttpsError ends it
    #[command(after_help = CALLABLE_HELP)]
    Callable(Box<CallableOptions>),
    /// Print header and payload of a token without checking anything
    Decode(DecodeOptions),
}

const MINT_HELP: &str = "\
Examples:
  firewarden token mint alice --key service-account.json \\
      --claims '{\"premiumAccount\": true}' > custom.jwt
  firewarden token mint alice --key key.pem \\
      --account sa@demo.iam.gserviceaccount.com > custom.jwt
  firewarden token mint alice --unsigned > custom.jwt   # for the Auth emulator

Exit status: 0 minted, 1 refused, 2 wrong usage or unreadable input.";

const EXCHANGE_HELP: &str = "\
A user is JSON: {\"email\": …, \"emailVerified\": true, \"displayName\": …, \"photoUrl\": …, \"phoneNumber\": …, \
\"disabled\": false, \"customClaims\": {…}, \"providers\": [{\"providerId\": \"google.com\", \"rawId\": \"1\"}]}.

Examples:
  firewarden token exchange custom.jwt --keys account.pub.pem \\
      --account sa@demo.iam.gserviceaccount.com --project demo
  firewarden token exchange custom.jwt --unsigned --project demo \\
      --sign-with key.pem --kid k1 > id.jwt

Exit status: 0 exchanged, 1 refused, 2 wrong usage or unreadable input.";

const VERIFY_HELP: &str = "\
Keys are a JWK set, a JSON object of key ids to certificates as Google publishes it, or one PEM file with --kid.

Examples:
  firewarden token verify id.jwt --keys keys.json --project demo
  firewarden token verify cookie.jwt --kind session-cookie --keys keys.json \\
      --project demo --now 2026-11-22T10:00:00Z

Exit status: 0 verified, 1 refused, 2 wrong usage or unreadable input.";

const CALLABLE_HELP: &str = "\
The SDK checks the request and its tokens before a callable function runs. Either the function runs, with \
request.auth, request.app and request.data (context.auth, context.app and data in functions of the first generation), or the client \
gets an HttpsError and the function never runs. A call without a user is no error here: the function decides what that \
means.

A client library sends POST, `Content-Type: application/json` and {\"data\": …}, and so does this command unless it is \
told otherwise. -H 'Content-Type:' leaves the header out.

Examples:
  firewarden token callable --token id.jwt --keys keys.json --project demo
  firewarden token callable -H @headers.txt --body @body.json --keys keys.json \\
      --project demo --format json
  firewarden token callable --token id.jwt --keys keys.json --project demo \\
      --app-check-token app.jwt --app-check-keys jwks.json --enforce-app-check
  firewarden token callable --emulator -H 'Authorization: Bearer owner'

Exit status: 0 the function runs, 1 the call is refused, 2 wrong usage or unreadable input.";

#[derive(Debug, ClapArgs)]
pub(crate) struct CallableOptions {
    /// The method of the request
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    pub(super) method: String,
    /// A header; or after @ a file with headers, one a line, `@-` for standard input. Keep tokens in files: others see
    /// the arguments of a process
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    pub(super) headers: Vec<String>,
    /// The ID token: a file, `-` for standard input; short for the header `Authorization: Bearer …`
    #[arg(long, value_name = "FILE")]
    pub(super) token: Option<PathBuf>,
    /// The App Check token: a file; short for the header `X-Firebase-AppCheck: …`
    #[arg(long, value_name = "FILE")]
    pub(super) app_check_token: Option<PathBuf>,
    /// The body as it is sent: text, or a file after @, `@-` for standard input; without this {"data": null}
    #[arg(long, short = 'd', value_name = "TEXT")]
    pub(super) body: Option<String>,
    /// What the client calls the function with, JSON or a file after @; the body is then {"data": …}
    #[arg(long, value_name = "JSON", conflicts_with = "body")]
    pub(super) data: Option<String>,
    /// The generation of the functions. In the emulator the first reads the header X-Callable-Context-Auth, too
    #[arg(long, value_enum, default_value_t = GenerationKind::Second)]
    pub(super) generation: GenerationKind,
    /// Refuse calls without a good App Check token, as a function with enforceAppCheck does
    #[arg(long)]
    pub(super) enforce_app_check: bool,
    /// The public keys of App Check, a JWK set: without them no App Check token is good
    #[arg(long, value_name = "FILE", conflicts_with = "emulator")]
    pub(super) app_check_keys: Option<PathBuf>,
    #[command(flatten)]
    pub(super) keys: KeyOptions,
    /// How strict to be with tokens; functions run with the Node Admin SDK
    #[arg(long, value_enum, default_value_t = Strictness::Node)]
    pub(super) profile: Strictness,
    /// Decode tokens and believe them, as the Functions emulator does
    #[arg(long, conflicts_with_all = ["file", "kid", "project"])]
    pub(super) emulator: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GenerationKind {
    /// functions.https.onCall((data, context) => …)
    #[value(name = "1", alias = "v1")]
    First,
    /// onCall((request) => …)
    #[value(name = "2", alias = "v2")]
    Second,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MintOptions {
    /// The user's id, 1 to 128 characters
    pub(super) uid: String,
    /// A service account's key file (JSON), or its private key (PEM) with --account; `-` for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "unsigned", conflicts_with = "unsigned")]
    pub(super) key: Option<PathBuf>,
    /// The service account's e-mail address, where the key is PEM
    #[arg(long, value_name = "EMAIL", requires = "key")]
    pub(super) account: Option<String>,
    /// Claims for the user's ID tokens: a JSON object, or a file after @
    #[arg(long, value_name = "JSON")]
    pub(super) claims: Option<String>,
    /// The tenant of a multi-tenant project
    #[arg(long, value_name = "ID")]
    pub(super) tenant: Option<String>,
    /// Seconds until the token expires, 3600 at most
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(super) lifetime: i64,
    /// Let the claims `sub` and `firebase` pass as the Node Admin SDK does; the exchange refuses them
    #[arg(long)]
    pub(super) node_compatible: bool,
    /// Mint a token that nobody signs, which only the Auth emulator takes
    #[arg(long)]
    pub(super) unsigned: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExchangeOptions {
    /// The file with the custom token, `-` for standard input
    pub(super) token: PathBuf,
    /// The project
    #[arg(long, value_name = "ID")]
    pub(super) project: String,
    /// The service account's public key or certificate (PEM), a JWK set, or a JSON object of key ids to certificates
    #[arg(long, value_name = "FILE", required_unless_present = "unsigned", conflicts_with = "unsigned")]
    pub(super) keys: Option<PathBuf>,
    /// The service account's e-mail address, which issuer and subject of the token have to be
    #[arg(long, value_name = "EMAIL", required_unless_present = "unsigned")]
    pub(super) account: Option<String>,
    /// Take the token unverified, as the Auth emulator does
    #[arg(long)]
    pub(super) unsigned: bool,
    /// The account as it is stored, with its custom claims; without this a new one: JSON, or a file after @
    #[arg(long, value_name = "JSON")]
    pub(super) user: Option<String>,
    /// The tenant of a multi-tenant project
    #[arg(long, value_name = "ID")]
    pub(super) tenant: Option<String>,
    /// Sign the ID token with this private key (PEM); `-` for standard input. Without this its claims are printed
    #[arg(long, value_name = "FILE")]
    pub(super) sign_with: Option<PathBuf>,
    /// The id of that key, for the token's header
    #[arg(long, value_name = "ID", requires = "sign_with")]
    pub(super) kid: Option<String>,
    /// Print an ID token that nobody signed, as the Auth emulator makes it
    #[arg(long, conflicts_with = "sign_with")]
    pub(super) emulator_token: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct VerifyOptions {
    /// The file with the token, `-` for standard input
    pub(super) token: PathBuf,
    #[command(flatten)]
    pub(super) keys: KeyOptions,
    /// What the token is
    #[arg(long, value_enum, default_value_t = Kind::IdToken)]
    pub(super) kind: Kind,
    /// The service account's e-mail address, for custom tokens
    #[arg(long, value_name = "EMAIL", required_if_eq("kind", "custom-token"))]
    pub(super) account: Option<String>,
    /// How strict to be
    #[arg(long, value_enum, default_value_t = Strictness::Strict)]
    pub(super) profile: Strictness,
    /// Seconds by which the issuer's clock may differ: 0 to 300
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = skew, allow_hyphen_values = true)]
    pub(super) skew: u64,
    /// Only users of this tenant
    #[arg(long, value_name = "ID")]
    pub(super) tenant: Option<String>,
    /// Accept only tokens that nobody signed, as the Admin SDK does with the Auth emulator
    #[arg(long, conflicts_with_all = ["file", "account", "tenant", "skew"])]
    pub(super) emulator: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Keys and project.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyOptions {
    /// The public keys
    #[arg(long = "keys", id = "file", value_name = "FILE", required_unless_present = "emulator")]
    pub(super) file: Option<PathBuf>,
    /// The id of the key, where the file is PEM
    #[arg(long, value_name = "ID")]
    pub(super) kid: Option<String>,
    /// The project
    #[arg(long, value_name = "ID")]
    pub(super) project: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DecodeOptions {
    /// The file with the token, `-` for standard input
    pub(super) token: PathBuf,
}

/// What all of them take.
#[derive(Debug, ClapArgs)]
pub(crate) struct Common {
    /// The time: seconds since 1970, or RFC 3339; without this, now
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// How to print results and refusals
    #[arg(long, value_enum, default_value_t = Format::Plain)]
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The token alone, or its claims; refusals in words
    Plain,
    /// One JSON document
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    IdToken,
    SessionCookie,
    /// What a blocking function of the first generation is sent
    BlockingToken,
    /// What a blocking function of the second generation is sent
    BlockingTokenV2,
    AppCheck,
    CustomToken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Strictness {
    /// What the documentation demands
    Strict,
    /// What the Node Admin SDK demands
    Node,
}

impl From<Strictness> for Profile {
    fn from(strictness: Strictness) -> Self {
        match strictness {
            Strictness::Strict => Profile::Strict,
            Strictness::Node => Profile::NodeCompatible,
        }
    }
}

/// Reads `--skew`. More than a verifier allows is refused rather than cut down in silence.
fn skew(text: &str) -> Result<u64, String> {
    const WORDS: &str = "the Admin SDK for Node allows none, the one for Python up to 60, the one for Go always 300";
    let seconds: i64 = text.parse().map_err(|_| "give whole seconds, such as 60".to_owned())?;
    match u64::try_from(seconds) {
        Ok(seconds) if seconds <= Verifier::MAX_SKEW.as_secs() => Ok(seconds),
        Ok(_) => Err(format!("clocks may differ by {} seconds at most; {WORDS}", Verifier::MAX_SKEW.as_secs())),
        Err(_) => Err("a skew is not negative: it is how far the clocks may differ in either direction".to_owned()),
    }
}
