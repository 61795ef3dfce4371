//! A workspace in a temporary folder, in the shape of the architecture, that a test can bend.
//!
//! Third parties are empty crates beside it, so that nothing is downloaded.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

const THIRD_PARTIES: [&str; 6] = ["proptest", "sea-orm", "serde", "sqlx-core", "tokio", "uuid"];

const MEMBERS: [(&str, &str, &str); 11] = [
    ("crates/shared-kernel", "jangteo-shared-kernel", "[dependencies]\nuuid.workspace = true\n"),
    (
        "crates/order",
        "jangteo-order",
        "[dependencies]\njangteo-shared-kernel.workspace = true\nserde.workspace = true\n\
         [dev-dependencies]\nproptest.workspace = true\n",
    ),
    ("crates/product", "jangteo-product", "[dependencies]\njangteo-shared-kernel.workspace = true\n"),
    (
        "crates/application",
        "jangteo-application",
        "[dependencies]\njangteo-order.workspace = true\njangteo-product.workspace = true\n\
         tokio = { workspace = true, features = [\"sync\"] }\n\
         [dev-dependencies]\njangteo-storage-memory = { path = \"../storage-memory\" }\n\
         tokio = { workspace = true, features = [\"rt\"] }\n",
    ),
    (
        "crates/storage-memory",
        "jangteo-storage-memory",
        "[dependencies]\njangteo-application.workspace = true\n\
         [dev-dependencies]\njangteo-storage-conformance = { path = \"../storage-conformance\" }\n",
    ),
    (
        "crates/storage-sea-orm",
        "jangteo-storage-sea-orm",
        "[dependencies]\njangteo-application.workspace = true\njangteo-migrations.workspace = true\n\
         sea-orm.workspace = true\n\
         [dev-dependencies]\njangteo-storage-conformance = { path = \"../storage-conformance\" }\n\
         jangteo-security.workspace = true\n",
    ),
    ("crates/security", "jangteo-security", "[dependencies]\njangteo-shared-kernel.workspace = true\n"),
    (
        "crates/storage-conformance",
        "jangteo-storage-conformance",
        "[dependencies]\njangteo-application.workspace = true\n",
    ),
    ("migrations", "jangteo-migrations", "[dependencies]\nsea-orm.workspace = true\n"),
    (
        "apps/api",
        "jangteo-api",
        "[dependencies]\njangteo-storage-sea-orm.workspace = true\nsea-orm.workspace = true\n",
    ),
    ("xtask", "xtask", "[dependencies]\ntokio.workspace = true\n"),
];

const INHERITANCE: &str = "license.workspace = true\n\n[lints]\nworkspace = true\n\n";

const WORKSPACE: &str = r#"[workspace]
resolver = "3"
members = ["crates/*", "apps/*", "migrations", "xtask"]

[workspace.package]
license = "MIT"

[workspace.lints.rust]
unsafe_code = "forbid"

[workspace.dependencies]
"#;

/// Where the list of direct dependencies is, from the root of the workspace.
const LISTED_IN: &str = "docs/dependencies.md";

/// What vets the direct dependencies of the members above.
const LIST: &str = "\
## In the server

| crate | licence | reason |
|---|---|---|
| `sea-orm` | MIT | Talks to databases. |
| `serde` | MIT | Reads and writes. |
| `tokio` | MIT | Waits. |
| `uuid` | MIT | Names things. |

## In tools only

## In tests only

| `proptest` | MIT | Draws sequences. |
";

/// The workspace. It is deleted when this is dropped.
pub(crate) struct Fixture {
    folder: TempDir,
}

impl Fixture {
    pub(crate) fn new() -> Result<Self> {
        let fixture = Self { folder: tempfile::tempdir()? };
        let mut dependencies = Vec::new();
        for name in THIRD_PARTIES {
            fixture.write_crate(
                &format!("third-parties/{name}"),
                name,
                "license = \"MIT\"\n[features]\nrt = []\nsync = []\n",
            )?;
            let path = format!("path = \"../third-parties/{name}\"");
            dependencies
                .push(format!("{name} = {{ {path}, version = \"1.0.0\", default-features = false }}"));
        }
        for (folder, name, manifest) in MEMBERS {
            fixture.write_crate(&format!("workspace/{folder}"), name, &format!("{INHERITANCE}{manifest}"))?;
            dependencies.push(format!("{name} = {{ path = \"{folder}\", version = \"1.0.0\" }}"));
        }
        fixture.write("workspace/Cargo.toml", &format!("{WORKSPACE}{}\n", dependencies.join("\n")))?;
        fixture.write(&format!("workspace/{LISTED_IN}"), LIST)?;
        Ok(fixture)
    }

    /// Adds a member that inherits what it should.
    pub(crate) fn add_member(&self, folder: &str, name: &str) -> Result<()> {
        self.write_crate(&format!("workspace/{folder}"), name, INHERITANCE)
    }

    /// Adds a line to a table of a member's manifest.
    pub(crate) fn declare(&self, member: &str, table: &str, line: &str) -> Result<()> {
        self.declare_at(&format!("workspace/{member}"), table, line)
    }

    /// Adds a line to a table of a third party's manifest.
    pub(crate) fn declare_for_third_party(&self, name: &str, table: &str, line: &str) -> Result<()> {
        self.declare_at(&format!("third-parties/{name}"), table, line)
    }

    /// Replaces a part of a member's manifest, which must be there.
    pub(crate) fn replace(&self, member: &str, old: &str, new: &str) -> Result<()> {
        let path = format!("workspace/{member}/Cargo.toml");
        let manifest = self.read(&path)?;
        assert!(manifest.contains(old), "{path} does not contain {old}:\n{manifest}");
        self.write(&path, &manifest.replace(old, new))
    }

    /// Replaces a part of the list of direct dependencies, which must be there.
    pub(crate) fn replace_in_list(&self, old: &str, new: &str) -> Result<()> {
        let path = format!("workspace/{LISTED_IN}");
        let list = self.read(&path)?;
        assert!(list.contains(old), "{path} does not contain {old}:\n{list}");
        self.write(&path, &list.replace(old, new))
    }

    /// Takes the list of direct dependencies away.
    pub(crate) fn remove_list(&self) -> Result<()> {
        Ok(fs::remove_file(self.folder.path().join("workspace").join(LISTED_IN))?)
    }

    /// What `cargo xtask check-deps` says of the workspace.
    pub(crate) fn check(&self) -> Result<Verdict> {
        check_deps(&self.folder.path().join("workspace/Cargo.toml"))
    }

    fn declare_at(&self, home: &str, table: &str, line: &str) -> Result<()> {
        let path = format!("{home}/Cargo.toml");
        let manifest = self.read(&path)?;
        let heading = format!("[{table}]\n");
        let manifest = if manifest.contains(&heading) {
            manifest.replace(&heading, &format!("{heading}{line}\n"))
        } else {
            format!("{manifest}\n{heading}{line}\n")
        };
        self.write(&path, &manifest)
    }

    fn write_crate(&self, home: &str, name: &str, manifest: &str) -> Result<()> {
        let package = format!("[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n");
        self.write(&format!("{home}/Cargo.toml"), &(package + manifest))?;
        self.write(&format!("{home}/src/lib.rs"), "")
    }

    fn read(&self, path: &str) -> Result<String> {
        let path = self.folder.path().join(path);
        fs::read_to_string(&path).with_context(|| path.display().to_string())
    }

    fn write(&self, path: &str, text: &str) -> Result<()> {
        let path = self.folder.path().join(path);
        if let Some(home) = path.parent() {
            fs::create_dir_all(home)?;
        }
        fs::write(&path, text).with_context(|| path.display().to_string())
    }
}

/// What the command said.
pub(crate) struct Verdict {
    passed: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Verdict {
    pub(crate) fn assert_passed(&self) {
        assert!(self.passed, "{}", self.stderr);
    }

    /// Asserts that the check failed and that the message has all of these parts.
    pub(crate) fn assert_broken(&self, parts: &[&str]) {
        assert!(!self.passed, "the check passed:\n{}", self.stdout);
        for part in parts {
            assert!(self.stderr.contains(part), "the message does not contain {part:?}:\n{}", self.stderr);
        }
    }

    /// Asserts that the check failed for one reason only, and that the message has all of these parts.
    pub(crate) fn assert_broken_once(&self, parts: &[&str]) {
        self.assert_broken(parts);
        self.assert_broken(&["are broken 1 time(s)"]);
    }
}

/// Runs the command without a network.
pub(crate) fn check_deps(manifest: &Path) -> Result<Verdict> {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["check-deps", "--manifest-path"])
        .arg(manifest)
        .env("CARGO_NET_OFFLINE", "true")
        .output()?;
    Ok(Verdict {
        passed: output.status.success(),
        stdout: String::from_utf8(output.stdout)?,
        stderr: String::from_utf8(output.stderr)?,
    })
}
