//! The table "Who may know whom": one row for each place. This is the file to change when the architecture does.
//!
//! Development dependencies on third parties are free everywhere; tests may use what they like.

use super::place::Place;

/// What the members of one place may depend on.
#[derive(Debug)]
pub(crate) struct Row {
    /// The rule in words, for the one who broke it.
    pub(crate) rule: &'static str,
    /// The places whose members it may depend on.
    pub(crate) may_know: MayKnow,
    /// The places whose members its tests may use besides, as path-only development dependencies, so that no
    /// package depends on itself in a circle.
    pub(crate) tests_may_use: &'static [Place],
    /// The places whose members its examples may use besides. Examples are published, and these with their version.
    pub(crate) examples_may_use: &'static [Place],
    /// The third-party crates it may name in its manifest.
    pub(crate) third_parties: ThirdParties,
    /// Families of third-party crates it must not reach, not even through others. `*` stands for any ending.
    pub(crate) never: &'static [&'static str],
}

#[derive(Debug)]
pub(crate) enum MayKnow {
    Everyone,
    Only(&'static [Place]),
}

#[derive(Debug)]
pub(crate) enum ThirdParties {
    Any,
    Only(&'static [&'static [Allowed]]),
}

/// A third-party crate that is allowed, perhaps with some of its features only.
#[derive(Debug)]
pub(crate) struct Allowed {
    pub(crate) name: &'static str,
    pub(crate) features: AllowedFeatures,
}

#[derive(Debug)]
pub(crate) enum AllowedFeatures {
    Any,
    /// These, and what they imply; no default features.
    Only(&'static [&'static str]),
}

/// The row of a place.
pub(crate) fn row(place: Place) -> Row {
    match place {
        Place::SharedKernel => Row {
            rule: "the shared kernel knows std and small value libraries only",
            may_know: MayKnow::Only(&[]),
            tests_may_use: &[],
            examples_may_use: &[],
            third_parties: ThirdParties::Only(&[VALUES]),
            never: NO_RUN_TIME,
        },
        Place::Context => Row {
            rule: "a context knows the shared kernel and small value libraries; never another context, a database, \
                   a web framework, Redis or a run time",
            may_know: MayKnow::Only(&[Place::SharedKernel]),
            tests_may_use: &[],
            examples_may_use: &[],
            third_parties: ThirdParties::Only(&[VALUES, TEXT, SECRETS]),
            never: NO_RUN_TIME,
        },
        Place::Application => Row {
            rule: "the application knows the shared kernel, the contexts and tokio's sync and time; no database, \
                   no HTTP; its tests may use storage-memory",
            may_know: MayKnow::Only(&[Place::SharedKernel, Place::Context]),
            tests_may_use: &[Place::StorageMemory],
            examples_may_use: &[],
            third_parties: ThirdParties::Only(&[VALUES, TEXT, USE_CASES]),
            never: NO_DATABASE_NO_HTTP,
        },
        Place::StorageMemory => Row { tests_may_use: &[Place::StorageConformance], ..adapter() },
        Place::StorageSeaOrm => Row {
            rule: "storage-sea-orm knows the shared kernel, the contexts, the application's traits, the migrations, \
                   tls, files and its driver; its tests may use storage-conformance and test-services, its example \
                   security",
            may_know: MayKnow::Only(&[
                Place::SharedKernel,
                Place::Context,
                Place::Application,
                Place::Migrations,
                Place::Tls,
                Place::Files,
            ]),
            tests_may_use: &[Place::StorageConformance, Place::TestServices],
            examples_may_use: &[Place::Security],
            ..adapter()
        },
        // Its gate is held to one contract with that of the application, over a storage.
        Place::Redis => Row {
            rule: "redis knows the shared kernel, the contexts, the application's traits, tls and its driver; its tests \
                   may use storage-memory and test-services",
            may_know: MayKnow::Only(&[Place::SharedKernel, Place::Context, Place::Application, Place::Tls]),
            tests_may_use: &[Place::StorageMemory, Place::TestServices],
            ..adapter()
        },
        Place::Tls => Row {
            tests_may_use: &[Place::TestServices],
            ..helper(
                "tls is what adapters share about TLS; it knows no member and no driver, and its tests may use \
                 test-services",
            )
        },
        Place::Files => helper("files is what adapters share about files; it knows no member and no driver"),
        Place::Migrations => Row { tests_may_use: &[Place::TestServices], ..adapter() },
        Place::Security => Row {
            rule: "security knows the shared kernel, the contexts, the application's traits, files and its libraries",
            may_know: MayKnow::Only(&[Place::SharedKernel, Place::Context, Place::Application, Place::Files]),
            ..adapter()
        },
        Place::TestServices => {
            helper("test-services runs programs of the machine; it knows no member and no driver")
        }
        Place::FuzzProperties => Row {
            rule: "fuzz-properties calls what reads and what computes: the shared kernel, the contexts, the application and \
                   security; no storage, so that a fuzzer is fast",
            may_know: MayKnow::Only(&[
                Place::SharedKernel,
                Place::Context,
                Place::Application,
                Place::Security,
            ]),
            tests_may_use: &[],
            examples_may_use: &[],
            third_parties: ThirdParties::Any,
            never: NO_DATABASE_NO_HTTP,
        },
        Place::StorageConformance | Place::App | Place::Xtask => Row {
            rule: "apps, tools and the conformance suite may know everyone",
            may_know: MayKnow::Everyone,
            tests_may_use: &[],
            examples_may_use: &[],
            third_parties: ThirdParties::Any,
            never: &[],
        },
    }
}

/// What adapters have in common.
fn adapter() -> Row {
    Row {
        rule: "an adapter knows the shared kernel, the contexts, the application's traits and its driver",
        may_know: MayKnow::Only(&[Place::SharedKernel, Place::Context, Place::Application]),
        tests_may_use: &[],
        examples_may_use: &[],
        third_parties: ThirdParties::Any,
        never: &[],
    }
}

/// What those have in common that know no member and reach no database.
fn helper(rule: &'static str) -> Row {
    Row {
        rule,
        may_know: MayKnow::Only(&[]),
        tests_may_use: &[],
        examples_may_use: &[],
        third_parties: ThirdParties::Any,
        never: NO_DATABASE_NO_HTTP,
    }
}

const VALUES: &[Allowed] = &[any("chrono"), any("chrono-tz"), any("serde"), any("thiserror"), any("uuid")];

/// Wipes secrets from memory.
const SECRETS: &[Allowed] = &[any("zeroize")];

const TEXT: &[Allowed] = &[any("unicode-normalization")];

const USE_CASES: &[Allowed] = &[
    any("prometheus-client"),
    any("serde_json"),
    any("sha2"),
    any("tracing"),
    Allowed { name: "tokio", features: AllowedFeatures::Only(&["sync", "time"]) },
];

const fn any(name: &'static str) -> Allowed {
    Allowed { name, features: AllowedFeatures::Any }
}

const NO_DATABASE_NO_HTTP: &[&str] = &["sea-orm*", "sqlx*", "actix*", "redis*", "deadpool*"];

const NO_RUN_TIME: &[&str] = &["sea-orm*", "sqlx*", "actix*", "redis*", "deadpool*", "tokio*"];

impl Row {
    /// Whether its crates may depend on the members of a place.
    pub(crate) fn may_know(&self, place: Option<Place>) -> bool {
        match self.may_know {
            MayKnow::Everyone => true,
            MayKnow::Only(places) => place.is_some_and(|place| places.contains(&place)),
        }
    }

    /// Whether a third-party crate must not be reached at all.
    pub(crate) fn never(&self, third_party: &str) -> bool {
        self.never.iter().any(|family| match family.strip_suffix('*') {
            Some(beginning) => third_party.starts_with(beginning),
            None => third_party == *family,
        })
    }
}

impl ThirdParties {
    /// The terms on which a crate may be named, if it may.
    pub(crate) fn terms(&self, third_party: &str) -> Option<&AllowedFeatures> {
        match self {
            Self::Any => Some(&AllowedFeatures::Any),
            Self::Only(lists) => lists
                .iter()
                .copied()
                .flatten()
                .find(|allowed| allowed.name == third_party)
                .map(|allowed| &allowed.features),
        }
    }
}
