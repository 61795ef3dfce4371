//! How connections to a server are encrypted: what its URL asks for, what it gets where it says nothing, and what is refused
//! because the driver would do another thing than one reads there (ADR-043).

use std::fmt;
use std::fs::File;
use std::path::Path;

use jangteo_tls::{Protection, check_authorities, read_authorities};
use sea_orm::sqlx;
use url::Url;

use crate::options::ConnectError;

/// What is asked of a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nothing is encrypted.
    Plain,
    /// It is encrypted if the server is willing.
    Offered,
    /// It is encrypted, whoever the server is.
    Required,
    /// The server shows a certificate of an authority that is trusted.
    Authority,
    /// And it is that of its host.
    Host,
}

/// What an engine calls these things.
#[derive(Debug)]
pub(super) struct Words {
    /// The modes from the weakest, in any case of letters. One without a meaning is not what the driver makes of it.
    pub(super) modes: &'static [(&'static str, Option<Mode>)],
    /// The parameters that name a file of authorities, the usual one first.
    pub(super) authority: &'static [&'static str],
    /// The usual parameter for a mode.
    pub(super) mode: &'static str,
    /// What to write there for [`Mode::Host`].
    pub(super) best: &'static str,
}

const MODE: [&str; 2] = ["sslmode", "ssl-mode"];
const CLIENT: [&str; 4] = ["sslcert", "ssl-cert", "sslkey", "ssl-key"];

/// How connections to a server are encrypted.
#[derive(Debug)]
pub(super) struct Encryption {
    /// What is asked of the server; `None` leaves it to the driver, which then takes what the server offers.
    pub(super) mode: Option<Mode>,
    /// What stands between a connection and whoever is on its way.
    pub(super) protection: Protection,
    /// Parameters that name files, or have in them what would be in a file.
    files: Vec<(String, String)>,
    words: &'static Words,
}

impl Encryption {
    /// What a URL of a server says, which may be on this machine: the driver is asked that once it can be.
    ///
    /// A server elsewhere is verified unless the URL says how much less will do, and so is one whose authority is named.
    pub(super) fn of(
        url: &str,
        words: &'static Words,
        this_machine: impl FnOnce() -> Result<bool, sqlx::Error>,
    ) -> Result<Self, ConnectError> {
        let url = Url::parse(url).map_err(|error| ConnectError::InvalidUrl(error.to_string()))?;
        let (mut said, mut files) = (None, Vec::new());
        for (name, value) in url.query_pairs() {
            if MODE.contains(&&*name) {
                said = Some(words.mode(&name, &value)?);
            } else if words.authority.contains(&&*name) || CLIENT.contains(&&*name) {
                files.push((name.into_owned(), value.into_owned()));
            } else if ["ssl", "tls"].iter().any(|word| name.to_ascii_lowercase().contains(word)) {
                // The driver would leave it out and go on.
                return Err(ConnectError::InvalidUrl(format!("there is no parameter {name}; {words}")));
            }
        }
        let this_machine = this_machine().map_err(|error| ConnectError::InvalidUrl(error.to_string()))?;
        let authority = files.iter().find(|(name, _)| words.authority.contains(&name.as_str()));
        let mode = match (said, authority) {
            (Some(Mode::Plain | Mode::Offered), Some((name, _))) => {
                return Err(ConnectError::InvalidUrl(format!(
                    "it names authorities by {name}, and a mode that never asks them; {words}"
                )));
            }
            // So the driver of PostgreSQL documents it, and neither does it.
            (Some(Mode::Required), Some(_)) => Some(Mode::Authority),
            (None, None) if this_machine => None,
            (None, _) => Some(Mode::Host),
            (said, None) => said,
            (Some(Mode::Authority | Mode::Host), Some(_)) => said,
        };
        let protection = match mode {
            _ if this_machine => Protection::ThisMachine,
            Some(Mode::Host) => Protection::Verified,
            Some(Mode::Required | Mode::Authority) => Protection::Unverified,
            Some(Mode::Plain | Mode::Offered) | None => Protection::Readable,
        };
        Ok(Self { mode, protection, files, words })
    }

    /// The same, if the files are there that the URL names, and have certificates in them where they are to be trusted. The
    /// driver would not say which file it is about, or trust others.
    pub(super) fn checked(self) -> Result<Self, ConnectError> {
        for (name, value) in &self.files {
            let inline = value.trim_start().starts_with("-----BEGIN");
            let authority = self.words.authority.contains(&name.as_str());
            let checked = match (authority, inline) {
                (true, true) => check_authorities(value.as_bytes()).map_err(|error| error.to_string()),
                (true, false) => {
                    read_authorities(Path::new(value)).map(drop).map_err(|error| error.to_string())
                }
                (false, true) => Ok(()),
                (false, false) => {
                    File::open(value).map(drop).map_err(|error| format!("cannot read {value}: {error}"))
                }
            };
            checked.map_err(|problem| ConnectError::InvalidUrl(format!("{name}: {problem}")))?;
        }
        Ok(self)
    }
}

/// What to write, in a sentence.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { modes: [(least, _), ..], mode, best, authority: [authority, ..] } = self else {
            return Ok(());
        };
        write!(
            f,
            "in the URL, {mode} says what is asked of the server, from {least} to {best}, and {authority} names a file \
             of authorities to trust"
        )
    }
}

impl Words {
    fn mode(&self, name: &str, value: &str) -> Result<Mode, ConnectError> {
        match self.modes.iter().find(|(word, _)| word.eq_ignore_ascii_case(value)) {
            Some((_, Some(mode))) => Ok(*mode),
            found => {
                let known = self.modes.iter().filter(|(_, mode)| mode.is_some());
                let known = known.map(|(word, _)| *word).collect::<Vec<_>>().join(", ");
                let why = if found.is_some() { ", which would never encrypt" } else { "" };
                Err(ConnectError::InvalidUrl(format!("{name} must be one of {known}, not {value:?}{why}")))
            }
        }
    }
}

#[cfg(test)]
#[cfg(all(feature = "postgres", feature = "mysql"))]
mod tests {
    use jangteo_test_services::{Authority, Server, Service, shared};
    use sea_orm::{ConnectionTrait, Statement};

    use super::*;
    use crate::engine::{Engine, Pools, mysql, postgres};
    use crate::options::StorageOptions;

    fn of(url: &str) -> Result<Encryption, ConnectError> {
        if url.starts_with("postgres") { postgres::encryption(url) } else { mysql::encryption(url) }
    }

    #[test]
    fn a_server_elsewhere_is_verified_unless_its_url_says_otherwise() {
        use Mode::{Authority, Host, Offered, Plain, Required};
        use Protection::{Readable, ThisMachine, Unverified, Verified};
        for (url, mode, protection) in [
            ("postgres://db/shop", Some(Host), Verified),
            ("postgres://shop:p%40ss@10.0.0.1/shop", Some(Host), Verified),
            ("postgres:///shop?host=db", Some(Host), Verified),
            ("postgres://localhost/shop?hostaddr=10.0.0.1", Some(Host), Verified),
            ("postgres://db/shop?sslmode=disable", Some(Plain), Readable),
            ("postgres://db/shop?sslmode=prefer", Some(Offered), Readable),
            ("postgres://db/shop?sslmode=require", Some(Required), Unverified),
            ("postgres://db/shop?sslmode=verify-ca", Some(Authority), Unverified),
            ("postgres://db/shop?sslmode=require&sslrootcert=ca.pem", Some(Authority), Unverified),
            ("postgres://db/shop?sslmode=disable&ssl-mode=Verify-Full", Some(Host), Verified),
            ("postgres://db/shop?ssl-ca=ca.pem", Some(Host), Verified),
            ("postgres://127.0.0.1/shop", None, ThisMachine),
            ("postgres://[::1]/shop", None, ThisMachine),
            ("postgres:///shop?host=/run/postgresql", None, ThisMachine),
            ("postgres://%2Frun%2Fpostgresql/shop", None, ThisMachine),
            ("postgres://localhost/shop?sslrootcert=ca.pem", Some(Host), ThisMachine),
            ("postgres://localhost/shop?sslmode=require", Some(Required), ThisMachine),
            ("mysql://db/shop", Some(Host), Verified),
            ("mariadb://db/shop", Some(Host), Verified),
            ("mysql://db/shop?ssl-mode=DISABLED", Some(Plain), Readable),
            ("mysql://db/shop?sslmode=preferred", Some(Offered), Readable),
            ("mysql://db/shop?ssl-mode=REQUIRED", Some(Required), Unverified),
            ("mysql://db/shop?ssl-mode=REQUIRED&ssl-ca=ca.pem", Some(Authority), Unverified),
            ("mysql://db/shop?ssl-mode=VERIFY_IDENTITY&sslca=ca.pem", Some(Host), Verified),
            ("mysql://localhost/shop", None, ThisMachine),
            ("mysql://db/shop?socket=/run/mysqld/mysqld.sock", None, ThisMachine),
        ] {
            let found = of(url).unwrap();
            assert_eq!((found.mode, found.protection), (mode, protection), "{url}");
        }
    }

    #[test]
    fn what_the_driver_would_take_for_less_is_refused() {
        for (url, told) in [
            ("postgres://u:secret@db/shop?sslmode=allow", "not \"allow\", which would never encrypt"),
            ("postgres://u:secret@db/shop?sslmode=full", "disable, prefer, require, verify-ca, verify-full"),
            ("postgres://u:secret@db/shop?sslMode=require", "no parameter sslMode"),
            ("postgres://u:secret@db/shop?sslcrl=x", "no parameter sslcrl"),
            (
                "postgres://u:secret@db/shop?sslmode=prefer&sslrootcert=ca.pem",
                "names authorities by sslrootcert",
            ),
            (
                "mysql://u:secret@db/shop?ssl_mode=REQUIRED",
                "no parameter ssl_mode; in the URL, ssl-mode says",
            ),
            ("mysql://u:secret@db/shop?useSSL=true", "no parameter useSSL"),
            ("mysql://u:secret@db/shop?sslrootcert=ca.pem", "no parameter sslrootcert"),
            ("mysql://u:secret@db/shop?ssl-mode=DISABLED&ssl-ca=ca.pem", "names authorities by ssl-ca"),
            ("mysql://u:secret@db/shop?ssl-mode=verify-ca", "VERIFY_CA, VERIFY_IDENTITY, not"),
        ] {
            let refused = of(url).unwrap_err().to_string();
            assert!(refused.contains(told) && !refused.contains("secret"), "{url}: {refused}");
        }
    }

    /// What the writers and the readers of a URL are encrypted by, as the server sees it.
    async fn ciphers(url: &str) -> Result<[String; 2], ConnectError> {
        let engine = Engine::of(url)?;
        let Pools { writer, reader, .. } = engine.connect(&StorageOptions::new(url)).await?;
        let question = match engine {
            Engine::MySql => {
                "SELECT VARIABLE_VALUE FROM information_schema.SESSION_STATUS WHERE VARIABLE_NAME = 'SSL_CIPHER'"
            }
            _ => "SELECT coalesce(cipher, '') FROM pg_stat_ssl WHERE pid = pg_backend_pid()",
        };
        let mut found = [String::new(), String::new()];
        for (db, cipher) in [writer, reader].iter().zip(&mut found) {
            let question = Statement::from_string(db.get_database_backend(), question);
            *cipher = db.query_one_raw(question).await.unwrap().unwrap().try_get_by_index(0).unwrap();
        }
        Ok(found)
    }

    async fn refused(url: &str) -> String {
        match ciphers(&url.replace('@', ":secret@")).await.unwrap_err() {
            error @ ConnectError::NotEncrypted(_) => error.to_string(),
            other => panic!("{url}: {other:?}"),
        }
    }

    #[tokio::test]
    async fn connections_are_encrypted_and_only_to_whom_the_url_trusts() {
        for (service, [plain, some, authority_only, full], ca) in [
            (
                Service::Postgres,
                ["sslmode=disable", "sslmode=require", "sslmode=verify-ca", "sslmode=verify-full"],
                "sslrootcert",
            ),
            (
                Service::MariaDb,
                ["ssl-mode=DISABLED", "ssl-mode=REQUIRED", "ssl-mode=VERIFY_CA", "ssl-mode=VERIFY_IDENTITY"],
                "ssl-ca",
            ),
        ] {
            let (authority, other) = (Authority::new(), Authority::new());
            let [ca, other_ca] = [&authority, &other].map(|from| format!("{ca}={}", from.file().display()));
            let mut server = Server::start_encrypted(service, &authority.certificate("127.0.0.1")).unwrap();
            let url = server.new_database();
            let by_name = url.replace("127.0.0.1", "localhost");
            for url in [
                format!("{url}?{full}&{ca}"),
                format!("{url}?{ca}"),
                format!("{by_name}?{authority_only}&{ca}"),
                format!("{url}?{some}"),
                // This machine: what the server offers.
                url.clone(),
            ] {
                let found = ciphers(&url).await.unwrap();
                assert!(found.iter().all(|cipher| cipher.starts_with("TLS_")), "{url}: {found:?}");
            }
            for url in [
                format!("{url}?{full}"),
                format!("{url}?{full}&{other_ca}"),
                format!("{url}?{authority_only}&{other_ca}"),
                format!("{url}?{some}&{other_ca}"),
            ] {
                let told = refused(&url).await;
                assert!(told.contains("is of no authority that is trusted"), "{url}: {told}");
            }
            let told = refused(&format!("{by_name}?{full}&{ca}")).await;
            assert!(told.contains("is for another host"), "{told}");
            assert!(ciphers(&format!("{url}?{plain}")).await.is_err(), "{service} takes plain connections");

            server.show(&authority.expired("127.0.0.1")).unwrap();
            let told = refused(&format!("{url}?{full}&{ca}")).await;
            assert!(told.contains("has expired"), "{told}");

            // A server without TLS.
            let url = shared(service).new_database();
            assert_eq!(ciphers(&url).await.unwrap(), ["", ""]);
            for url in [format!("{url}?{some}"), format!("{url}?{full}&{ca}")] {
                let told = refused(&url).await;
                assert!(told.contains("does not support TLS"), "{told}");
            }
        }
    }

    #[test]
    fn files_that_cannot_be_used_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "").unwrap();
        let empty = empty.display();
        for (url, told) in [
            ("postgres://db/shop?sslrootcert=nowhere.pem".to_owned(), "sslrootcert: cannot read nowhere.pem"),
            ("postgres://db/shop?sslcert=nowhere.pem".to_owned(), "sslcert: cannot read nowhere.pem"),
            (format!("mysql://db/shop?ssl-ca={empty}"), "empty.pem has no certificate in it"),
            ("mysql://db/shop?ssl-ca=-----BEGIN+CERTIFICATE-----".to_owned(), "ssl-ca: is not PEM"),
        ] {
            let refused = of(&url).unwrap().checked().unwrap_err().to_string();
            assert!(refused.contains(told), "{url}: {refused}");
        }
    }
}
