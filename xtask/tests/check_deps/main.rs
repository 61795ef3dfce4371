//! `cargo xtask check-deps`, run on workspaces that keep or break one rule, and on this one.

mod fixture;
mod inheritance;
mod list;
mod third_parties;
mod who_may_know_whom;

use std::path::Path;

use anyhow::Result;

use crate::fixture::{Fixture, check_deps};

#[test]
fn this_very_workspace_keeps_the_rules() -> Result<()> {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
    check_deps(&manifest)?.assert_passed();
    Ok(())
}

#[test]
fn a_workspace_in_the_shape_of_the_architecture_passes() -> Result<()> {
    let verdict = Fixture::new()?.check()?;
    verdict.assert_passed();
    assert!(verdict.stdout.contains("hold for all 11 members"), "{}", verdict.stdout);
    Ok(())
}

#[test]
fn every_violation_is_told_at_once() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/order", "dependencies", "jangteo-product.workspace = true")?;
    fixture.declare("crates/product", "dependencies", "sea-orm.workspace = true")?;
    let verdict = fixture.check()?;
    verdict.assert_broken(&["jangteo-order (crates/order) must not depend on jangteo-product"]);
    verdict.assert_broken(&["jangteo-product (crates/product) must not depend on sea-orm"]);
    verdict.assert_broken(&["are broken 2 time(s)"]);
    Ok(())
}

#[test]
fn a_manifest_that_cannot_be_read_is_named() -> Result<()> {
    let nowhere = Path::new(env!("CARGO_MANIFEST_DIR")).join("nowhere/Cargo.toml");
    check_deps(&nowhere)?.assert_broken(&["cannot read the workspace of", "nowhere/Cargo.toml"]);
    Ok(())
}
