//! Members among themselves.

use anyhow::Result;

use crate::fixture::Fixture;

#[test]
fn refuses_a_context_that_knows_another_context() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/order", "dependencies", "jangteo-product.workspace = true")?;
    fixture.check()?.assert_broken_once(&[
        "jangteo-order (crates/order) must not depend on jangteo-product",
        "never another context",
    ]);
    Ok(())
}

#[test]
fn refuses_a_context_that_builds_with_another_context() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/order", "build-dependencies", "jangteo-product.workspace = true")?;
    fixture.check()?.assert_broken_once(&["jangteo-order (crates/order) must not depend on jangteo-product"]);
    Ok(())
}

#[test]
fn refuses_a_context_that_tests_with_another_context() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/order", "dev-dependencies", "jangteo-product.workspace = true")?;
    fixture.check()?.assert_broken_once(&["jangteo-product, not even in its tests"]);
    Ok(())
}

#[test]
fn refuses_a_shared_kernel_that_knows_a_context() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace("crates/product", "jangteo-shared-kernel.workspace = true", "")?;
    fixture.declare("crates/shared-kernel", "dependencies", "jangteo-product.workspace = true")?;
    fixture.check()?.assert_broken_once(&[
        "jangteo-shared-kernel (crates/shared-kernel) must not depend on jangteo-product",
        "the shared kernel knows std",
    ]);
    Ok(())
}

#[test]
fn refuses_an_adapter_that_knows_another_adapter() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.declare("crates/storage-memory", "dependencies", "jangteo-storage-sea-orm.workspace = true")?;
    fixture.check()?.assert_broken_once(&[
        "jangteo-storage-memory (crates/storage-memory) must not depend on jangteo-storage-sea-orm",
    ]);
    Ok(())
}

#[test]
fn refuses_an_application_that_knows_its_storage() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace("crates/storage-memory", "jangteo-application.workspace = true", "")?;
    fixture.declare("crates/application", "dependencies", "jangteo-storage-memory.workspace = true")?;
    fixture.check()?.assert_broken(&[
        "jangteo-application (crates/application) must not depend on jangteo-storage-memory",
    ]);
    Ok(())
}

#[test]
fn refuses_test_storage_that_is_not_declared_by_path_only() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.replace("crates/application", "{ path = \"../storage-memory\" }", "{ workspace = true }")?;
    fixture.check()?.assert_broken_once(&[
        "jangteo-application (crates/application)",
        "jangteo-storage-memory by path only",
    ]);
    Ok(())
}

#[test]
fn refuses_what_an_example_uses_by_path_only() -> Result<()> {
    let fixture = Fixture::new()?;
    let by_path = "jangteo-security = { path = \"../security\" }";
    fixture.replace("crates/storage-sea-orm", "jangteo-security.workspace = true", by_path)?;
    fixture.check()?.assert_broken_once(&[
        "jangteo-storage-sea-orm (crates/storage-sea-orm)",
        "jangteo-security with `workspace = true`",
    ]);
    Ok(())
}

#[test]
fn refuses_a_member_without_a_place() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.add_member("crates/shipping", "jangteo-shipping")?;
    fixture
        .check()?
        .assert_broken_once(&["jangteo-shipping (crates/shipping) has no place in the table", "table.rs"]);
    Ok(())
}

#[test]
fn the_folder_and_not_the_name_tells_the_place() -> Result<()> {
    let fixture = Fixture::new()?;
    fixture.add_member("crates/sales", "jangteo-coupon")?;
    fixture.check()?.assert_broken_once(&["jangteo-coupon (crates/sales) has no place"]);
    Ok(())
}
