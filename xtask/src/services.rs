//! `cargo xtask services`: the servers of a full set-up, to try things out with.

use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context as _, Result, bail};
use jangteo_test_services::{Server, Service, StartError};

use crate::workspace::Workspace;

/// Where docker-compose.yml puts the database of a service.
const fn compose_url(service: Service) -> &'static str {
    match service {
        Service::Postgres => "postgres://jangteo:jangteo@127.0.0.1:5432/jangteo",
        Service::MariaDb => "mysql://jangteo:jangteo@127.0.0.1:3306/jangteo",
    }
}

/// Starts throw-away servers of the binaries of this machine, and by Docker Compose what it has none of; runs until it is
/// interrupted, and then they are gone. Fails if any can be had in neither way.
pub(crate) fn run(workspace: &Workspace, only: &[String]) -> Result<()> {
    let wanted = wanted(only)?;
    let (mut servers, mut missing) = (Vec::new(), Vec::new());
    for service in wanted {
        match Server::start(service) {
            Ok(server) => {
                server.execute("CREATE DATABASE jangteo").with_context(|| format!("{service} is no use"))?;
                tell(service, &server.url("jangteo"), "throw-away");
                servers.push(server);
            }
            Err(StartError::Missing(_)) if docker(workspace) => {
                compose(workspace, service)?;
                tell(service, compose_url(service), "Docker Compose; it stays: docker compose down");
            }
            Err(StartError::Missing(what)) => missing.push(what.to_string()),
            Err(error) => return Err(error).with_context(|| format!("{service} does not start")),
        }
    }
    if !missing.is_empty() {
        bail!("{}\nThere is no Docker Compose to do it with, either.", missing.join("\n"));
    }
    if servers.is_empty() {
        return Ok(());
    }
    println!("\nPress Control-C to end what is throw-away, with all that is in it.");
    loop {
        thread::park();
    }
}

fn wanted(only: &[String]) -> Result<Vec<Service>> {
    if only.is_empty() {
        return Ok(Service::ALL.to_vec());
    }
    let named = only.iter().map(|name| {
        let known = Service::ALL.map(Service::name).join(", ");
        let found = Service::ALL.into_iter().find(|service| service.name() == name);
        found.with_context(|| format!("there is no service called {name:?}, only {known}"))
    });
    named.collect()
}

/// The shop's keys have to be named with a database on a server: `keys generate` makes them.
fn tell(service: Service, url: &str, how: &str) {
    println!(
        "{service} ({how})\n    JANGTEO__KEYS__FILE=data/keys/keys.json JANGTEO__DATABASE__URL={url} cargo run -- serve --migrate"
    );
}

fn docker(workspace: &Workspace) -> bool {
    let mut asked = Command::new("docker");
    asked.args(["compose", "version"]).current_dir(workspace.root());
    asked.stdout(Stdio::null()).stderr(Stdio::null());
    asked.status().is_ok_and(|status| status.success())
}

fn compose(workspace: &Workspace, service: Service) -> Result<()> {
    let mut up = Command::new("docker");
    up.args(["compose", "up", "--wait", service.name()]).current_dir(workspace.root());
    let status = up.status().context("cannot run docker")?;
    if !status.success() {
        bail!("docker compose up --wait {} ended with {status}", service.name());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_go_by_their_names() -> Result<()> {
        assert_eq!(wanted(&[])?, Service::ALL);
        assert_eq!(wanted(&["mariadb".to_owned()])?, [Service::MariaDb]);
        let told = wanted(&["oracle".to_owned()]).expect_err("there is none").to_string();
        assert!(told.contains("oracle") && told.contains("postgres, mariadb"), "{told}");
        Ok(())
    }

    #[test]
    fn the_compose_file_has_every_service_where_we_say() -> Result<()> {
        let file = std::fs::read_to_string(Workspace::here().root().join("docker-compose.yml"))?;
        for service in Service::ALL {
            assert!(file.contains(&format!("\n  {}:\n", service.name())), "{service}");
            let (_, place) = compose_url(service).split_once('@').expect("a place");
            let (host, port) = place.trim_end_matches("/jangteo").split_once(':').expect("a port");
            assert!(file.contains(&format!("\"{host}:{port}:{port}\"")), "{service}");
        }
        Ok(())
    }
}
