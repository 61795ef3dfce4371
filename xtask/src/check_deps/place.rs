//! The places that the architecture has for a crate.

/// The role of a member, told by its folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    SharedKernel,
    Context,
    Application,
    StorageMemory,
    StorageSeaOrm,
    Redis,
    Security,
    Tls,
    Files,
    StorageConformance,
    FuzzProperties,
    TestServices,
    Migrations,
    App,
    Xtask,
}

impl Place {
    /// The place of a folder, given from the root of the workspace with `/` between its parts.
    pub(crate) fn of(folder: &str) -> Option<Self> {
        let place = match folder.split('/').collect::<Vec<_>>()[..] {
            ["crates", name] => match name {
                "shared-kernel" => Self::SharedKernel,
                "user" | "product" | "order" | "payment" | "point" | "coupon" | "refund" | "ranking" => {
                    Self::Context
                }
                "application" => Self::Application,
                "storage-memory" => Self::StorageMemory,
                "storage-sea-orm" => Self::StorageSeaOrm,
                "redis" => Self::Redis,
                "security" => Self::Security,
                "tls" => Self::Tls,
                "files" => Self::Files,
                "storage-conformance" => Self::StorageConformance,
                "fuzz-properties" => Self::FuzzProperties,
                "test-services" => Self::TestServices,
                _ => return None,
            },
            ["apps", _] => Self::App,
            ["migrations"] => Self::Migrations,
            ["xtask"] => Self::Xtask,
            _ => return None,
        };
        Some(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_tells_the_place() {
        assert_eq!(Place::of("crates/shared-kernel"), Some(Place::SharedKernel));
        assert_eq!(Place::of("crates/ranking"), Some(Place::Context));
        assert_eq!(Place::of("apps/bench"), Some(Place::App));
        assert_eq!(Place::of("migrations"), Some(Place::Migrations));
        assert_eq!(Place::of("xtask"), Some(Place::Xtask));
    }

    #[test]
    fn other_folders_have_no_place() {
        for folder in ["", "crates", "crates/shipping", "crates/order/macros", "order", "tools/order", "apps"]
        {
            assert_eq!(Place::of(folder), None, "{folder}");
        }
    }
}
