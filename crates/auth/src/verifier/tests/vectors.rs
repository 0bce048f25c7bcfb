//! Bad tokens: each differs from a good one in one thing only.

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as B64};
use serde_json::{Value, json};

use super::{Bench, with};
use crate::{EMBEDDED_ISSUER, Issuer};

/// Tokens whose form or header is bad.
pub(super) fn bad_forms(bench: &Bench) -> Vec<(&'static str, String)> {
    let good = bench.good();
    let [header, claims, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let public = bench.issuer.jwks()["keys"][0]["x"]
        .as_str()
        .unwrap()
        .to_owned();
    let none = |alg: &str| {
        let header = with(bench.header(), "alg", json!(alg)).to_string();
        format!("{}.{claims}.", B64.encode(header))
    };
    let hs256 = {
        let header = with(bench.header(), "alg", json!("HS256")).to_string();
        let message = format!("{}.{claims}", B64.encode(header));
        let key = hmac::Key::new(hmac::HMAC_SHA256, &B64.decode(&public).unwrap());
        format!(
            "{message}.{}",
            B64.encode(hmac::sign(&key, message.as_bytes()))
        )
    };
    let mut flipped = B64.decode(signature).unwrap();
    flipped[10] ^= 1;
    let header_text = bench.header().to_string();
    let claims_text = bench.claims().to_string();
    let twice = |text: &str, member: &str| text.replacen('{', &format!("{{{member},"), 1);
    vec![
        ("empty", String::new()),
        ("one dot", format!("{header}.{claims}")),
        ("four parts", format!("{good}.x")),
        (
            "five parts, as encrypted tokens have",
            format!("{good}.a.b"),
        ),
        ("no signature", format!("{header}.{claims}.")),
        ("only dots", "..".to_owned()),
        ("padded base64", format!("{header}.{claims}.{signature}=")),
        (
            "other base64 alphabet",
            format!("{header}.{claims}.{}+/", &signature[..signature.len() - 2]),
        ),
        ("a space inside", format!("{header} .{claims}.{signature}")),
        ("a line end behind", format!("{good}\n")),
        (
            "64 KiB",
            format!("{}.{claims}.{signature}", "A".repeat(64 << 10)),
        ),
        (
            "64 KiB, well signed",
            bench.with_claim("filler", json!("x".repeat(64 << 10))),
        ),
        (
            "header no JSON",
            format!("{}.{claims}.{signature}", B64.encode("hello")),
        ),
        ("header a list", bench.of_text("[]", &claims_text)),
        (
            "deeply nested claims",
            bench.of_text(&header_text, &"[".repeat(5000)),
        ),
        ("alg none", none("none")),
        ("alg None", none("None")),
        ("alg NONE with spaces", none(" NONE ")),
        (
            "alg none, signature kept",
            format!("{}{signature}", none("nOnE")),
        ),
        ("alg empty", bench.with_header("alg", json!(""))),
        ("alg missing", bench.with_header("alg", Value::Null)),
        (
            "alg in lower case",
            bench.with_header("alg", json!("eddsa")),
        ),
        (
            "alg of another family",
            bench.with_header("alg", json!("RS256")),
        ),
        ("alg a list", bench.with_header("alg", json!(["EdDSA"]))),
        ("HS256 under the public key", hs256),
        ("kid missing", bench.with_header("kid", Value::Null)),
        ("kid empty", bench.with_header("kid", json!(""))),
        (
            "kid a path",
            bench.with_header("kid", json!("../../../../dev/null")),
        ),
        (
            "kid SQL",
            bench.with_header("kid", json!("x' UNION SELECT 'key")),
        ),
        ("kid a number", bench.with_header("kid", json!(1))),
        (
            "jku",
            bench.with_header("jku", json!("https://evil.example/keys")),
        ),
        (
            "jwk",
            bench.with_header("jwk", bench.issuer.jwks()["keys"][0].clone()),
        ),
        (
            "x5u",
            bench.with_header("x5u", json!("https://evil.example/chain")),
        ),
        ("x5c", bench.with_header("x5c", json!(["MIIB"]))),
        ("unknown crit", bench.with_header("crit", json!(["exp2"]))),
        ("empty crit", bench.with_header("crit", json!([]))),
        ("b64", bench.with_header("b64", json!(false))),
        ("zip", bench.with_header("zip", json!("DEF"))),
        ("typ missing", bench.with_header("typ", Value::Null)),
        ("typ JWT", bench.with_header("typ", json!("JWT"))),
        (
            "typ of an ID token",
            bench.with_header("typ", json!("id+jwt")),
        ),
        (
            "alg twice",
            bench.of_text(&twice(&header_text, r#""alg":"none""#), &claims_text),
        ),
        (
            "signature flipped",
            format!("{header}.{claims}.{}", B64.encode(flipped)),
        ),
        (
            "signature of another token",
            format!(
                "{header}.{}.{signature}",
                B64.encode(with(bench.claims(), "dealer", json!("D2")).to_string())
            ),
        ),
        (
            "signed by somebody else",
            Issuer::ephemeral("marque")
                .unwrap()
                .sign(&bench.header(), &bench.claims()),
        ),
        (
            "claims twice: dealer",
            bench.of_text(&header_text, &twice(&claims_text, r#""dealer":"D2""#)),
        ),
        (
            "claims twice: exp",
            bench.of_text(&header_text, &twice(&claims_text, r#""exp":99999999999"#)),
        ),
        (
            "claims twice, one escaped",
            bench.of_text(&header_text, &twice(&claims_text, r#""\u0064ealer":"D2""#)),
        ),
        (
            "claims followed by more",
            bench.of_text(&header_text, &format!("{claims_text}{claims_text}")),
        ),
    ]
}

/// Well-signed tokens whose claims are bad.
pub(super) fn bad_claims(bench: &Bench) -> Vec<(&'static str, String)> {
    let now = bench.seconds();
    let claim = |member: &str, value: Value| bench.with_claim(member, value);
    let roles = |roles: Value, member: &str, value: Value| {
        let claims = with(
            with(with(bench.claims(), "dealer", Value::Null), "roles", roles),
            member,
            value,
        );
        bench.issuer.sign(&bench.header(), &claims)
    };
    vec![
        ("iss missing", claim("iss", Value::Null)),
        (
            "iss of somebody else",
            claim("iss", json!("https://evil.example")),
        ),
        (
            "iss with a slash more",
            claim("iss", json!(format!("{EMBEDDED_ISSUER}/"))),
        ),
        ("iss a list", claim("iss", json!([EMBEDDED_ISSUER]))),
        ("aud missing", claim("aud", Value::Null)),
        ("aud of another service", claim("aud", json!("shop"))),
        (
            "aud a list without us",
            claim("aud", json!(["shop", "marque2"])),
        ),
        ("aud an empty list", claim("aud", json!([]))),
        (
            "aud a list with a number",
            claim("aud", json!(["marque", 1])),
        ),
        ("sub missing", claim("sub", Value::Null)),
        ("sub empty", claim("sub", json!(""))),
        ("sub a number", claim("sub", json!(7))),
        ("sub too long", claim("sub", json!("x".repeat(256)))),
        ("exp missing", claim("exp", Value::Null)),
        ("exp passed", claim("exp", json!(now - 31))),
        ("exp passed this very second", claim("exp", json!(now - 30))),
        ("exp a text", claim("exp", json!((now + 600).to_string()))),
        ("exp a fraction", claim("exp", json!(now as f64 + 600.5))),
        ("exp too large", claim("exp", json!(u64::MAX))),
        ("exp negative", claim("exp", json!(i64::MIN))),
        ("nbf to come", claim("nbf", json!(now + 31))),
        ("nbf a text", claim("nbf", json!("0"))),
        ("iat to come", claim("iat", json!(now + 3600))),
        ("roles missing", claim("roles", Value::Null)),
        ("roles empty", claim("roles", json!([]))),
        ("roles a text", claim("roles", json!("sales"))),
        ("roles unknown", claim("roles", json!(["sales", "root"]))),
        ("roles in capitals", claim("roles", json!(["SALES"]))),
        ("role peer", roles(json!(["peer"]), "x", Value::Null)),
        (
            "roles hq_admin and peer",
            roles(json!(["hq_admin", "peer"]), "x", Value::Null),
        ),
        ("sales without a dealer", claim("dealer", Value::Null)),
        ("dealer empty", claim("dealer", json!(""))),
        ("dealer a list", claim("dealer", json!(["D1", "D2"]))),
        ("dealer a wildcard", claim("dealer", json!("*"))),
        ("dealer too long", claim("dealer", json!("D".repeat(33)))),
        ("dealer and region", claim("region", json!("north"))),
        (
            "sales of a region",
            roles(json!(["sales"]), "region", json!("north")),
        ),
        ("hq_admin of a dealer", claim("roles", json!(["hq_admin"]))),
        (
            "hq_admin of a region",
            roles(json!(["hq_admin"]), "region", json!("north")),
        ),
        ("agent of a dealer", claim("roles", json!(["agent"]))),
        (
            "manager of nothing",
            roles(json!(["manager"]), "x", Value::Null),
        ),
        (
            "analyst of a blank region",
            roles(json!(["analyst"]), "region", json!(" ")),
        ),
        (
            "sales and hq_admin",
            claim("roles", json!(["sales", "hq_admin"])),
        ),
        (
            "customer without an id",
            roles(json!(["customer"]), "x", Value::Null),
        ),
        ("customer of a dealer", claim("roles", json!(["customer"]))),
        (
            "customer with a vehicle's id",
            roles(
                json!(["customer"]),
                "customer",
                json!(format!("veh_{}", "0".repeat(32))),
            ),
        ),
        (
            "a customer's id with another role",
            roles(
                json!(["steward"]),
                "customer",
                json!(format!("cus_{}", "0".repeat(32))),
            ),
        ),
    ]
}
