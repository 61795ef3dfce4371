//! Where keys come from, and how their lack is told.

use std::fs;
use std::path::Path;
use std::process::Output;

use jangteo_security::ServiceKeys;

use crate::support::server::run_in;
use crate::support::{Server, new_ring, run};

const NO_DATABASE: (&str, &str) = ("JANGTEO__DATABASE__URL", "postgres://shop@127.0.0.1:9/shop");

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;

    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[cfg(unix)]
#[tokio::test]
async fn an_embedded_shop_makes_its_keys_for_its_owner_only_and_they_stay_so() {
    let server = Server::start();
    server.customer().await;
    let file = server.key_file();
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let before = fs::read(&file).unwrap();
    assert_eq!(server.run(&["keys", "rotate"], "").status.code(), Some(0));
    assert_ne!(fs::read(&file).unwrap(), before);
    assert_eq!(mode(&file), 0o600);
    let mut names: Vec<_> =
        fs::read_dir(file.parent().unwrap()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, [".keys.json.lock", "keys.json"]);
}

/// No network is needed to find out that they are missing.
#[test]
fn a_database_on_a_server_without_keys_is_an_error_that_names_the_settings() {
    for url in ["postgres://shop@127.0.0.1:9/shop", "mysql://shop@127.0.0.1:9/shop"] {
        for command in [&["serve"][..], &["keys", "rotate"], &["keys", "list"], &["demo"]] {
            let folder = tempfile::tempdir().unwrap();
            let refused = run_in(folder.path(), &[("JANGTEO__DATABASE__URL", url)], command, "");
            assert_eq!(refused.status.code(), Some(2), "{command:?}: {}", text(&refused));
            for named in ["keys.file", "keys.ring", "jangteo keys generate"] {
                assert!(text(&refused).contains(named), "{command:?}: {}", text(&refused));
            }
            assert!(!folder.path().join("data/keys").exists(), "none are made up");
        }
    }
}

#[test]
fn a_key_file_that_cannot_be_used_is_told_by_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let serve =
        |file: &str| run_in(folder.path(), &[NO_DATABASE, ("JANGTEO__KEYS__FILE", file)], &["serve"], "");
    let missing = serve("nowhere.json");
    assert_eq!(missing.status.code(), Some(1));
    assert!(
        text(&missing).contains("keys.file cannot be used: cannot read nowhere.json"),
        "{}",
        text(&missing)
    );
    assert!(!folder.path().join("nowhere.json").exists(), "a file that was named is not made");

    fs::write(folder.path().join("open.json"), new_ring()).unwrap();
    let open = serve("open.json");
    if cfg!(unix) {
        assert!(text(&open).contains("chmod 600 open.json"), "{}", text(&open));
    }

    let made = run_in(folder.path(), &[], &["keys", "generate", "good.json"], "");
    assert_eq!(made.status.code(), Some(0), "{}", text(&made));
    let damaged = fs::read_to_string(folder.path().join("good.json")).unwrap().replace("lookup", "look");
    fs::write(folder.path().join("good.json"), damaged).unwrap();
    let damaged = serve("good.json");
    assert!(
        text(&damaged).contains("keys.file cannot be used: good.json is not a key file: fields"),
        "{}",
        text(&damaged)
    );
}

#[test]
fn a_ring_that_cannot_be_used_is_told_by_its_setting_and_never_shown() {
    let ring = new_ring();
    let shown = run(&[("JANGTEO__KEYS__RING", &ring)], &["config"]);
    assert_eq!(shown.status.code(), Some(0));
    let said = text(&shown);
    assert!(said.contains("keys.ring = \"***\"  # from environment JANGTEO__KEYS__RING\n"), "{said}");
    assert!(said.contains("keys.file = \"\"  # from default\n"), "{said}");
    let secrets: Vec<&str> = ring.split('"').filter(|part| part.len() == 44).collect();
    assert_eq!(secrets.len(), 4);
    let without = text(&run(&[], &["config"]));
    assert!(without.contains("keys.ring = \"\"  # from default\n"), "{without}");
    assert!(without.contains("keys.file = \"./data/keys/keys.json\"  # from default\n"), "{without}");

    let bad = [
        ring.replace("lookup", "look"),
        ring.replace("\"version\": 1", "\"version\": 9"),
        ring[..99].to_owned(),
    ];
    let mut refusals: Vec<Output> =
        bad.iter().map(|bad| run(&[("JANGTEO__KEYS__RING", bad)], &["config"])).collect();
    let both = [("JANGTEO__KEYS__RING", ring.as_str()), ("JANGTEO__KEYS__FILE", "keys.json")];
    refusals.push(run(&both, &["config"]));
    for refused in refusals {
        let said = text(&refused);
        assert_eq!(refused.status.code(), Some(2), "{said}");
        assert!(said.contains("keys.ring (from environment JANGTEO__KEYS__RING): "), "{said}");
        assert!(!secrets.iter().any(|secret| said.contains(&secret[..8])), "{said}");
    }
}

#[test]
fn keys_are_generated_once_and_fit() {
    let folder = tempfile::tempdir().unwrap();
    let generate =
        |arguments: &[&str]| run_in(folder.path(), &[], &[&["keys", "generate"], arguments].concat(), "");
    assert_eq!(generate(&["new/keys.json"]).status.code(), Some(0));
    let file = folder.path().join("new/keys.json");
    let made = fs::read(&file).unwrap();
    ServiceKeys::load(&file).unwrap();
    #[cfg(unix)]
    assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
    let again = generate(&["new/keys.json"]);
    assert_eq!(again.status.code(), Some(1));
    assert!(text(&again).contains("new/keys.json exists; it is left as it is"), "{}", text(&again));
    assert_eq!(fs::read(&file).unwrap(), made);

    let printed = generate(&[]);
    let (one, other) = (text(&printed), text(&generate(&[])));
    assert_ne!(one, other);
    ServiceKeys::from_text(&one).unwrap();
    // As a store of secrets hands it on.
    fs::write(folder.path().join("secret"), one).unwrap();
    let shown = run_in(folder.path(), &[("JANGTEO__KEYS__RING_FILE", "secret")], &["config"], "");
    assert!(
        text(&shown).contains("keys.ring = \"***\"  # from environment JANGTEO__KEYS__RING_FILE"),
        "{}",
        text(&shown)
    );
}

#[tokio::test]
async fn keys_of_a_file_and_of_a_ring_are_the_same_keys() {
    let server = Server::start();
    let minji = server.customer().await;
    let ring = fs::read_to_string(server.key_file()).unwrap();
    let file = server.key_file().display().to_string();
    for given in [("JANGTEO__KEYS__RING", ring.as_str()), ("JANGTEO__KEYS__FILE", &file)] {
        let other = server.another_with(&[given]);
        assert_eq!(minji.at(&other).get("/users/me").await.is(200).body["email"], minji.email);
    }
}
