//! The list of direct dependencies in docs/dependencies.md.

use anyhow::Result;

use crate::fixture::Fixture;

#[test]
fn refuses_a_direct_dependency_that_is_not_listed() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/storage-sea-orm", "dependencies", "sqlx-core.workspace = true")?;
    fixture.check()?.assert_broken(&[
        "docs/dependencies.md is wrong in 1 place(s)",
        "sqlx-core is missing",
        "a row under `## In the server`",
    ]);
    Ok(())
}

#[test]
fn refuses_what_tests_build_with_and_what_builds_with_that_is_not_listed() -> Result<()> {
    for (table, part) in
        [("dev-dependencies", "## In tests only"), ("build-dependencies", "## In the server")]
    {
        let fixture = Fixture::new()?;
        fixture.declare("apps/api", table, "sqlx-core.workspace = true")?;
        fixture.check()?.assert_broken(&["sqlx-core is missing", part]);
    }
    Ok(())
}

#[test]
fn refuses_an_optional_dependency_for_another_platform_that_is_not_listed() -> Result<()> {
    let fixture = Fixture::new()?;
    let optional = "sqlx-core = { workspace = true, optional = true }";
    fixture.declare("apps/api", "target.'cfg(windows)'.dependencies", optional)?;
    fixture.check()?.assert_broken(&["sqlx-core is missing"]);
    Ok(())
}

#[test]
fn refuses_a_listed_dependency_that_is_gone() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace("crates/order", "serde.workspace = true", "")?;
    fixture.check()?.assert_broken(&["wrong in 1 place(s)", "serde is listed, but no member depends on it"]);
    Ok(())
}

#[test]
fn what_third_parties_depend_on_is_not_listed() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare_for_third_party("sea-orm", "dependencies", "sqlx-core = { path = \"../sqlx-core\" }")?;
    fixture.check()?.assert_passed();
    Ok(())
}

#[test]
fn what_moves_into_the_server_is_noticed() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("apps/api", "dependencies", "proptest.workspace = true")?;
    fixture
        .check()?
        .assert_broken(&["proptest stands under `## In tests only`, but belongs under `## In the server`"]);
    Ok(())
}

#[test]
fn what_a_tool_uses_through_another_member_is_the_tools() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/storage-conformance", "dependencies", "sqlx-core.workspace = true")?;
    fixture.replace_in_list("| `proptest`", "| `sqlx-core` | MIT | Counts. |\n| `proptest`")?;
    fixture.check()?.assert_passed();
    fixture.declare("xtask", "dependencies", "jangteo-storage-conformance.workspace = true")?;
    fixture
        .check()?
        .assert_broken(&["sqlx-core stands under `## In tests only`, but belongs under `## In tools only`"]);
    Ok(())
}

#[test]
fn refuses_a_licence_that_is_not_the_crates() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace_in_list("`uuid` | MIT", "`uuid` | Apache-2.0")?;
    fixture.check()?.assert_broken(&["uuid is listed under the licence \"Apache-2.0\", but states \"MIT\""]);
    Ok(())
}

#[test]
fn a_missing_list_is_named() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.remove_list()?;
    fixture.check()?.assert_broken(&["cannot read docs/dependencies.md"]);
    Ok(())
}

#[test]
fn broken_rules_and_a_wrong_list_are_told_at_once() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/order", "dependencies", "sqlx-core.workspace = true")?;
    let verdict = fixture.check()?;
    verdict.assert_broken_once(&["must not depend on sqlx-core"]);
    verdict.assert_broken(&["sqlx-core is missing"]);
    Ok(())
}
