//! Keeps the committed OpenAPI document equal to what the server says of itself.

use anyhow::Result;

use crate::generated::Generated;
use crate::program::printed;
use crate::workspace::Workspace;

const DOCUMENT: Generated = Generated { path: "docs/api-spec/openapi.yaml", command: "cargo xtask openapi" };
const SERVER_PRINTS_IT: [&str; 9] =
    ["run", "-q", "--locked", "-p", "jangteo-api", "--bin", "jangteo", "--", "openapi"];

/// Writes the document.
pub(crate) fn write(workspace: &Workspace) -> Result<()> {
    DOCUMENT.write(workspace, &printed(workspace.cargo(&SERVER_PRINTS_IT))?)
}

/// Fails if the committed document is not what the server prints.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    DOCUMENT.check(workspace, &printed(workspace.cargo(&SERVER_PRINTS_IT))?)
}
