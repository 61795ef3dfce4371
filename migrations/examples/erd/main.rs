//! Prints the tables as a document with diagrams, of a migrated throw-away database and what a file says of each table.
//! `cargo xtask erd` puts it into docs/erd/ERD.md.
#![expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]

mod ids;
mod prose;
mod render;
mod schema;

use std::error::Error;

use jangteo_migrations::{Migrator, MigratorTrait};
use sea_orm_migration::sea_orm::{ConnectOptions, Database};

use self::prose::Prose;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("name the file that says what the tables are")?;
    let text = std::fs::read_to_string(&path).map_err(|error| format!("cannot read {path}: {error}"))?;
    // Each connection to it would have a database of its own.
    let database =
        Database::connect(ConnectOptions::new("sqlite::memory:").max_connections(1).to_owned()).await?;
    Migrator::up(&database, None).await?;
    let tables = schema::read(&database).await?;
    let prose = Prose::read(&text)?;
    prose.check(&tables)?;
    print!("{}", render::document(&prose, &tables)?);
    Ok(())
}
