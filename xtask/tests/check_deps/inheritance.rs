//! What members inherit from the workspace.

use anyhow::Result;

use crate::fixture::Fixture;

#[test]
fn refuses_a_member_without_the_lints() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace("crates/order", "[lints]\nworkspace = true\n", "")?;
    fixture.check()?.assert_broken_once(&["jangteo-order (crates/order) does not inherit the lints"]);
    Ok(())
}

#[test]
fn refuses_a_member_with_lints_of_its_own() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace("xtask", "[lints]\nworkspace = true\n", "[lints.rust]\nunsafe_code = \"allow\"\n")?;
    fixture.check()?.assert_broken_once(&["xtask (xtask) does not inherit the lints"]);
    Ok(())
}

#[test]
fn refuses_a_member_with_a_licence_of_its_own() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace("migrations", "license.workspace = true", "license = \"MIT\"")?;
    fixture.check()?.assert_broken_once(&["jangteo-migrations (migrations) does not inherit the licence"]);
    Ok(())
}

#[test]
fn refuses_a_version_of_its_own() -> Result<()> {
    let fixture = Fixture::new()?;
    let own = "{ path = \"../../../third-parties/serde\", version = \"1\" }";
    fixture.replace("crates/order", "serde.workspace = true", &format!("serde = {own}"))?;
    fixture.check()?.assert_broken_once(&["jangteo-order (crates/order) declares serde by itself"]);
    Ok(())
}

#[test]
fn refuses_a_version_of_its_own_for_one_platform() -> Result<()> {
    let fixture = Fixture::new()?;
    let own = "tokio = { path = \"../../../third-parties/tokio\", version = \"1\" }";
    fixture.declare("apps/api", "target.'cfg(unix)'.dependencies", own)?;
    fixture.check()?.assert_broken_once(&["jangteo-api (apps/api) declares tokio by itself"]);
    Ok(())
}

#[test]
fn refuses_a_third_party_that_tests_declare_by_path() -> Result<()> {
    let fixture = Fixture::new()?;
    let own = "proptest = { path = \"../../../third-parties/proptest\" }";
    fixture.replace("crates/order", "proptest.workspace = true", own)?;
    fixture.check()?.assert_broken_once(&["jangteo-order (crates/order) declares proptest by itself"]);
    Ok(())
}

#[test]
fn refuses_a_member_that_is_declared_by_path_outside_of_tests() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace(
        "crates/product",
        "jangteo-shared-kernel.workspace = true",
        "jangteo-shared-kernel = { path = \"../shared-kernel\" }",
    )?;
    fixture.check()?.assert_broken_once(&["declares jangteo-shared-kernel by itself"]);
    Ok(())
}
