//! TLS: which versions, which certificate, and what is told when something is wrong with it.

use std::fs;
use std::path::Path;
use std::process::Output;

use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ProtocolVersion, SupportedProtocolVersion};

use crate::identity::Identity;
use crate::support::server::run_in;
use crate::support::{Server, Wire};

/// A server that shows what is in a folder.
fn server(folder: &Path, more: &[(&str, &str)]) -> Server {
    let settings = Identity::settings(folder);
    let settings = settings.iter().map(|(name, value)| (*name, value.as_str()));
    Server::with(&settings.chain(more.iter().copied()).collect::<Vec<_>>())
}

#[tokio::test]
async fn the_shop_is_served_over_tls_1_3_and_1_2() {
    let (folder, identity) = (tempfile::tempdir().unwrap(), Identity::new());
    identity.put(folder.path());
    let server = server(folder.path(), &[]);
    assert!(server.url().starts_with("https://"));
    let versions: [(&'static SupportedProtocolVersion, _); 2] =
        [(&TLS13, ProtocolVersion::TLSv1_3), (&TLS12, ProtocolVersion::TLSv1_2)];
    for (version, agreed) in versions {
        // Such as browsers offer. The one that is not there is not chosen.
        let connector = identity.client(&[version], &["h2", "http/1.1"]);
        let socket = TcpStream::connect(server.address()).await.unwrap();
        let stream = connector.connect(ServerName::try_from("localhost").unwrap(), socket).await.unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(agreed));
        assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
        let mut wire = Wire(stream);
        for path in ["/livez", "/api/v1/products", "/docs/swagger-ui-bundle.js"] {
            wire.get(path).await.is(200);
        }
    }
    // Nobody else's certificate is shown.
    assert!(Wire::secure(server.address(), &Identity::new()).await.is_err());
}

/// A `ClientHello` that ends at a version: that, randomness, cipher suites, and how to sign, which rustls asks for first.
fn old_hello(version: [u8; 2]) -> Vec<u8> {
    let suites = [0xc0, 0x09, 0xc0, 0x0a, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x2f, 0x00, 0x35];
    let signatures = [0, 13, 0, 6, 0, 4, 4, 3, 8, 4];
    let length = |bytes: usize| u8::try_from(bytes).unwrap();
    let body = [
        &version[..],
        &[7; 32],
        &[0],
        &[0, length(suites.len())],
        &suites,
        &[1, 0],
        &[0, length(signatures.len())],
        &signatures,
    ]
    .concat();
    let message = [&[1, 0, 0, length(body.len())], &body[..]].concat();
    [&[22, 3, 1, 0, length(message.len())], &message[..]].concat()
}

#[tokio::test]
async fn older_versions_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    Identity::new().put(folder.path());
    let server = server(folder.path(), &[]);
    for version in [[3, 0], [3, 1], [3, 2]] {
        let mut wire = Wire::open(server.address()).await;
        wire.say(old_hello(version)).await;
        let answer = wire.rest().await.into_bytes();
        // A fatal alert: `protocol_version`.
        assert!(answer.starts_with(&[21]) && answer.ends_with(&[2, 70]), "{version:?}: {answer:?}");
    }
}

#[tokio::test]
async fn what_is_not_encrypted_is_not_answered() {
    let (folder, identity) = (tempfile::tempdir().unwrap(), Identity::new());
    identity.put(folder.path());
    let server = server(folder.path(), &[]);
    for text in ["GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n", "nonsense", "\r\n"] {
        let mut wire = Wire::open(server.address()).await;
        wire.say(text.repeat(10)).await;
        let answer = wire.rest().await;
        assert!(!answer.contains("HTTP") && answer.len() < 10, "{answer}");
    }
    Wire::secure(server.address(), &identity).await.unwrap().get("/livez").await.is(200);
}

#[tokio::test]
async fn browsers_are_told_to_insist_unless_they_are_not_to_be() {
    let (folder, identity) = (tempfile::tempdir().unwrap(), Identity::new());
    identity.put(folder.path());
    for (age, told) in [
        ("365d", Some("max-age=31536000; includeSubDomains")),
        ("1d", Some("max-age=86400; includeSubDomains")),
        ("0s", None),
    ] {
        let server = server(folder.path(), &[("JANGTEO__SERVER__TLS__HSTS_MAX_AGE", age)]);
        let mut wire = Wire::secure(server.address(), &identity).await.unwrap();
        for path in ["/livez", "/nowhere", "/api/v1/users/me", "/docs/"] {
            assert_eq!(wire.get(path).await.header("strict-transport-security"), told, "{path}");
        }
    }
}

/// Waits until the server shows this certificate.
async fn shown(server: &Server, identity: &Identity) {
    while Wire::secure(server.address(), identity).await.is_err() {}
}

#[tokio::test]
async fn a_new_certificate_is_shown_and_connections_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let [first, second, third, fourth] = [(); 4].map(|()| Identity::new());
    first.put(folder.path());
    let server = server(folder.path(), &[]);
    let mut old = Wire::secure(server.address(), &first).await.unwrap();
    old.get("/livez").await.is(200);
    // When somebody says so.
    second.put(folder.path());
    server.signal("HUP");
    shown(&server, &second).await;
    assert!(Wire::secure(server.address(), &first).await.is_err());
    old.get("/livez").await.is(200);
    // By itself.
    third.put(folder.path());
    shown(&server, &third).await;
    old.get("/livez").await.is(200);

    // What is of no use is told, and the one from before stays.
    for (name, text, told) in [
        ("certificate.pem", "nonsense", "has no certificate in it"),
        ("certificate.pem", &fourth.certificate, "does not belong to the certificate"),
        ("key.pem", "", "has no private key"),
    ] {
        fs::write(folder.path().join(name), text).unwrap();
        server.signal("HUP");
        while !server.log().contains(told) {}
        Wire::secure(server.address(), &third).await.unwrap().get("/livez").await.is(200);
    }
    fourth.put(folder.path());
    server.signal("HUP");
    shown(&server, &fourth).await;
    old.get("/livez").await.is(200);
}

#[test]
fn what_is_wrong_with_the_files_is_told_at_the_start() {
    let (folder, own, other) = (tempfile::tempdir().unwrap(), Identity::new(), Identity::new());
    let folder = folder.path();
    let put = |name: &str, text: &str| fs::write(folder.join(name), text).unwrap();
    put("good.pem", &own.certificate);
    put("good.key", &own.key);
    put("other.key", &other.key);
    put("text", "nonsense");
    put("empty", "");
    put("torn.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n");
    put("wrong.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    put("wrong.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    for (certificate, key, told) in [
        ("nowhere.pem", "good.key", ["server.tls.certificate", "nowhere.pem"]),
        ("good.pem", "nowhere.key", ["server.tls.key", "nowhere.key"]),
        ("text", "good.key", ["server.tls.certificate", "text has no certificate"]),
        ("empty", "good.key", ["server.tls.certificate", "empty has no certificate"]),
        ("good.key", "good.key", ["server.tls.certificate", "good.key has no certificate"]),
        ("torn.pem", "good.key", ["server.tls.certificate", "torn.pem is not PEM"]),
        ("wrong.pem", "good.key", ["server.tls.certificate", "wrong.pem is of no use"]),
        ("good.pem", "text", ["server.tls.key", "text has no private key"]),
        ("good.pem", "good.pem", ["server.tls.key", "good.pem has no private key"]),
        ("good.pem", "wrong.key", ["server.tls.key", "wrong.key is of no use"]),
        (
            "good.pem",
            "other.key",
            ["server.tls.key", "other.key does not belong to the certificate in good.pem"],
        ),
    ] {
        let set = [("JANGTEO__SERVER__TLS__CERTIFICATE", certificate), ("JANGTEO__SERVER__TLS__KEY", key)];
        let refused = run_in(folder, &set, &["serve"], "");
        assert_eq!(refused.status.code(), Some(1), "{certificate} {key}");
        for part in told {
            assert!(err(&refused).contains(part), "{certificate} {key}: {}", err(&refused));
        }
    }
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn certificate_and_key_are_paths_and_both_are_set() {
    let folder = tempfile::tempdir().unwrap();
    let own = Identity::new();
    own.put(folder.path());
    for (name, value, key) in [
        ("JANGTEO__SERVER__TLS__CERTIFICATE", "certificate.pem", "server.tls.key"),
        ("JANGTEO__SERVER__TLS__KEY", "key.pem", "server.tls.certificate"),
        // Easily meant otherwise: this takes what is in the file for the path, and must not show it.
        ("JANGTEO__SERVER__TLS__KEY_FILE", "key.pem", "server.tls.key"),
    ] {
        for command in ["config", "serve"] {
            let refused = run_in(folder.path(), &[(name, value)], &[command], "");
            assert_eq!(refused.status.code(), Some(2), "{name}");
            assert!(err(&refused).contains(key), "{}", err(&refused));
            let secret = own.key.lines().nth(1).unwrap();
            assert!(!err(&refused).contains(secret), "{name}");
        }
    }
}
