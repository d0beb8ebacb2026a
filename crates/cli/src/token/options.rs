//! The options of `firewarden token`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

use firewarden::auth::{Profile, Verifier};

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Mint a custom token, with which a user can sign in
    #[command(after_help = MINT_HELP)]
    Mint(MintOptions),
    /// Exchange a custom token for the claims of an ID token, or for a signed ID token
    #[command(after_help = EXCHANGE_HELP)]
    Exchange(ExchangeOptions),
    /// Verify a token: its signature, its times, and every claim about its issuer and audience
    #[command(after_help = VERIFY_HELP)]
    Verify(VerifyOptions),
    /// Show what a callable function receives from a call, or the HttpsError that ends the call
    #[command(after_help = CALLABLE_HELP)]
    Callable(Box<CallableOptions>),
    /// Print the header and the payload of a token without verifying it
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
Keys are a JWK set, a JSON object from key ids to certificates as Google publishes it, or a PEM file with --kid.

Examples:
  firewarden token verify id.jwt --keys keys.json --project demo
  firewarden token verify cookie.jwt --kind session-cookie --keys keys.json \\
      --project demo --now 2026-11-22T10:00:00Z

Exit status: 0 verified, 1 refused, 2 wrong usage or unreadable input.";

const CALLABLE_HELP: &str = "\
Before a callable function runs, the SDK checks the request and its tokens. Either the function runs with request.auth, \
request.app and request.data (first generation: context.auth, context.app and data), or the client receives an \
HttpsError. A call without a user is not an error: the function decides what it means.

Like a client library, the command sends POST, `Content-Type: application/json` and {\"data\": …} by default. \
-H 'Content-Type:' removes the header.

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
    /// HTTP method of the request
    #[arg(long, value_name = "METHOD", default_value = "POST")]
    pub(super) method: String,
    /// Header of the request; after @, a file with one header a line, `@-` for standard input. Keep tokens in files:
    /// other users can see the arguments of a process
    #[arg(long = "header", short = 'H', value_name = "NAME: VALUE")]
    pub(super) headers: Vec<String>,
    /// File with the ID token, `-` for standard input; sets the header `Authorization: Bearer …`
    #[arg(long, value_name = "FILE")]
    pub(super) token: Option<PathBuf>,
    /// File with the App Check token; sets the header `X-Firebase-AppCheck: …`
    #[arg(long, value_name = "FILE")]
    pub(super) app_check_token: Option<PathBuf>,
    /// Body of the request as text, or a file after @, `@-` for standard input; by default, {"data": null}
    #[arg(long, short = 'd', value_name = "TEXT")]
    pub(super) body: Option<String>,
    /// Argument of the call as JSON, or a file after @; the body is then {"data": …}
    #[arg(long, value_name = "JSON", conflicts_with = "body")]
    pub(super) data: Option<String>,
    /// Generation of the function; in the emulator, the first also reads the header X-Callable-Context-Auth
    #[arg(long, value_enum, default_value_t = GenerationKind::Second)]
    pub(super) generation: GenerationKind,
    /// Refuse calls without a valid App Check token, as a function with enforceAppCheck does
    #[arg(long)]
    pub(super) enforce_app_check: bool,
    /// Public keys of App Check, a JWK set; without them, no App Check token is valid
    #[arg(long, value_name = "FILE", conflicts_with = "emulator")]
    pub(super) app_check_keys: Option<PathBuf>,
    #[command(flatten)]
    pub(super) keys: KeyOptions,
    /// Strictness of the verification; functions run with the Node Admin SDK
    #[arg(long, value_enum, default_value_t = Strictness::Node)]
    pub(super) profile: Strictness,
    /// Decode tokens without verifying them, as the Functions emulator does
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
    /// Id of the user, 1 to 128 characters
    pub(super) uid: String,
    /// Key file of a service account (JSON), or its private key (PEM) with --account; `-` for standard input
    #[arg(long, value_name = "FILE", required_unless_present = "unsigned", conflicts_with = "unsigned")]
    pub(super) key: Option<PathBuf>,
    /// E-mail address of the service account, if the key is PEM
    #[arg(long, value_name = "EMAIL", requires = "key")]
    pub(super) account: Option<String>,
    /// Claims of the user's ID tokens: a JSON object, or a file after @
    #[arg(long, value_name = "JSON")]
    pub(super) claims: Option<String>,
    /// Tenant of a multi-tenant project
    #[arg(long, value_name = "ID")]
    pub(super) tenant: Option<String>,
    /// Seconds until the token expires, at most 3600
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(super) lifetime: i64,
    /// Allow the claims `sub` and `firebase` as the Node Admin SDK does; the exchange refuses them
    #[arg(long)]
    pub(super) node_compatible: bool,
    /// Mint an unsigned token, which only the Auth emulator accepts
    #[arg(long)]
    pub(super) unsigned: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ExchangeOptions {
    /// The file with the custom token, `-` for standard input
    pub(super) token: PathBuf,
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub(super) project: String,
    /// Public key or certificate of the service account (PEM), a JWK set, or a JSON object from key ids to certificates
    #[arg(long, value_name = "FILE", required_unless_present = "unsigned", conflicts_with = "unsigned")]
    pub(super) keys: Option<PathBuf>,
    /// E-mail address of the service account, which the token must have as issuer and subject
    #[arg(long, value_name = "EMAIL", required_unless_present = "unsigned")]
    pub(super) account: Option<String>,
    /// Accept the token unverified, as the Auth emulator does
    #[arg(long)]
    pub(super) unsigned: bool,
    /// Stored account with its custom claims as JSON, or a file after @; by default, a new account
    #[arg(long, value_name = "JSON")]
    pub(super) user: Option<String>,
    /// Tenant of a multi-tenant project
    #[arg(long, value_name = "ID")]
    pub(super) tenant: Option<String>,
    /// Sign the ID token with this private key (PEM), `-` for standard input; by default, print its claims
    #[arg(long, value_name = "FILE")]
    pub(super) sign_with: Option<PathBuf>,
    /// Id of that key, for the header of the token
    #[arg(long, value_name = "ID", requires = "sign_with")]
    pub(super) kid: Option<String>,
    /// Print an unsigned ID token, as the Auth emulator issues it
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
    /// Kind of the token
    #[arg(long, value_enum, default_value_t = Kind::IdToken)]
    pub(super) kind: Kind,
    /// E-mail address of the service account, for custom tokens
    #[arg(long, value_name = "EMAIL", required_if_eq("kind", "custom-token"))]
    pub(super) account: Option<String>,
    /// Strictness of the verification
    #[arg(long, value_enum, default_value_t = Strictness::Strict)]
    pub(super) profile: Strictness,
    /// Seconds by which the issuer's clock may differ: 0 to 300
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = skew, allow_hyphen_values = true)]
    pub(super) skew: u64,
    /// Accept only users of this tenant
    #[arg(long, value_name = "ID")]
    pub(super) tenant: Option<String>,
    /// Accept only unsigned tokens, as the Admin SDK does with the Auth emulator
    #[arg(long, conflicts_with_all = ["file", "account", "tenant", "skew"])]
    pub(super) emulator: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

/// Keys and project.
#[derive(Debug, ClapArgs)]
pub(crate) struct KeyOptions {
    /// File with the public keys
    #[arg(long = "keys", id = "file", value_name = "FILE", required_unless_present = "emulator")]
    pub(super) file: Option<PathBuf>,
    /// Id of the key, if the file is PEM
    #[arg(long, value_name = "ID")]
    pub(super) kid: Option<String>,
    /// Id of the project
    #[arg(long, value_name = "ID")]
    pub(super) project: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DecodeOptions {
    /// The file with the token, `-` for standard input
    pub(super) token: PathBuf,
}

/// Options that all token commands share.
#[derive(Debug, ClapArgs)]
pub(crate) struct Common {
    /// Time of the command, in seconds since 1970 or RFC 3339; by default, the current time
    #[arg(long, value_name = "TIME")]
    pub(super) now: Option<String>,
    /// Format of results and refusals
    #[arg(long, value_enum, default_value_t = Format::Plain)]
    pub(super) format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// The token or its claims; refusals as text
    Plain,
    /// One JSON document
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Kind {
    IdToken,
    SessionCookie,
    /// A token sent to blocking functions of the first generation
    BlockingToken,
    /// A token sent to blocking functions of the second generation
    BlockingTokenV2,
    AppCheck,
    CustomToken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Strictness {
    /// As the documentation requires
    Strict,
    /// As the Node Admin SDK requires
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

/// Parses `--skew`. A skew above the verifier's limit is refused, not reduced.
fn skew(text: &str) -> Result<u64, String> {
    const WORDS: &str = "the Admin SDK for Node allows none, the one for Python up to 60, the one for Go always 300";
    let seconds: i64 = text.parse().map_err(|_| "expected whole seconds, such as 60".to_owned())?;
    match u64::try_from(seconds) {
        Ok(seconds) if seconds <= Verifier::MAX_SKEW.as_secs() => Ok(seconds),
        Ok(_) => Err(format!("the skew is at most {} seconds; {WORDS}", Verifier::MAX_SKEW.as_secs())),
        Err(_) => Err("the skew cannot be negative: it allows a difference in either direction".to_owned()),
    }
}
