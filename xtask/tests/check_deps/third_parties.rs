//! Members and third parties.

use anyhow::Result;

use crate::fixture::Fixture;

#[test]
fn refuses_a_context_that_knows_sea_orm() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/order", "dependencies", "sea-orm.workspace = true")?;
    fixture.check()?.assert_broken_once(&[
        "jangteo-order (crates/order) must not depend on sea-orm",
        "rule: a context knows the shared kernel and small value libraries",
    ]);
    Ok(())
}

#[test]
fn refuses_sea_orm_behind_a_feature_and_for_another_platform() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare(
        "crates/order",
        "target.'cfg(windows)'.dependencies",
        "sea-orm = { workspace = true, optional = true }",
    )?;
    fixture.check()?.assert_broken_once(&["jangteo-order (crates/order) must not depend on sea-orm"]);
    Ok(())
}

#[test]
fn refuses_what_a_context_reaches_through_a_third_party() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare_for_third_party("serde", "dependencies", "uuid = { path = \"../uuid\" }")?;
    fixture.declare_for_third_party("uuid", "dependencies", "sqlx-core = { path = \"../sqlx-core\" }")?;
    let verdict = fixture.check()?;
    verdict.assert_broken(&["jangteo-order (crates/order) must not depend on sqlx-core"]);
    verdict.assert_broken(&["(by jangteo-order → serde → uuid → sqlx-core)"]);
    verdict.assert_broken(&["(by jangteo-shared-kernel → uuid → sqlx-core)"]);
    Ok(())
}

#[test]
fn what_third_parties_use_for_their_own_tests_does_not_matter() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare_for_third_party("uuid", "dev-dependencies", "sqlx-core = { path = \"../sqlx-core\" }")?;
    fixture.check()?.assert_passed();
    Ok(())
}

#[test]
fn refuses_a_crate_that_is_not_in_the_list_of_the_place() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/application", "dependencies", "proptest.workspace = true")?;
    fixture.check()?.assert_broken_once(&[
        "jangteo-application (crates/application) must not depend on proptest, which is not in the list",
    ]);
    Ok(())
}

#[test]
fn refuses_tokio_in_a_context() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/product", "dependencies", "tokio.workspace = true")?;
    fixture.check()?.assert_broken_once(&["jangteo-product (crates/product) must not depend on tokio"]);
    Ok(())
}

#[test]
fn refuses_more_of_tokio_than_the_application_may_have() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace("crates/application", "[\"sync\"]", "[\"rt\", \"sync\"]")?;
    fixture
        .check()?
        .assert_broken_once(&["may depend on tokio with the features sync and time only, and asks for rt"]);
    Ok(())
}

#[test]
fn refuses_more_of_tokio_behind_a_feature() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/application", "features", "committer = [\"tokio/rt\"]")?;
    fixture.check()?.assert_broken_once(&["asks for rt"]);
    Ok(())
}

#[test]
fn adapters_and_apps_may_use_what_they_need() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/storage-sea-orm", "dependencies", "sqlx-core.workspace = true")?;
    fixture.declare("apps/api", "dependencies", "tokio.workspace = true")?;
    fixture.replace_in_list("| `tokio`", "| `sqlx-core` | MIT | Pools connections. |\n| `tokio`")?;
    fixture.check()?.assert_passed();
    Ok(())
}
