//! The table of running services.

use std::time::Duration;

use firewarden::rules::Product;
use firewarden_server::{Server, Service};

use super::plan::Plan;

/// The services with their addresses and rules, one in each line.
pub(super) fn render(server: &Server, plan: &Plan, took: Duration) -> String {
    let mut rows = Vec::new();
    for planned in &plan.services {
        let Some(address) = server.address(planned.service) else { continue };
        let address = match planned.service {
            Service::Page => format!("http://{address}"),
            _ => address.to_string(),
        };
        rows.push((planned.service.name(), address, note(planned.service, plan)));
    }
    let width = |of: fn(&(&str, String, String)) -> usize| rows.iter().map(of).max().unwrap_or(0);
    let (names, addresses) = (width(|row| row.0.len()), width(|row| row.1.len()));
    let mut text = format!("firewarden serves {}, ready in {} ms\n\n", plan.project, took.as_millis());
    for (name, address, note) in &rows {
        text += format!("  {name:names$}  {address:addresses$}  {note}").trim_end();
        text.push('\n');
    }
    text
}

fn note(service: Service, plan: &Plan) -> String {
    let product = match service {
        Service::Hub => return String::new(),
        Service::Page => return "requests, data, coverage".to_owned(),
        Service::Auth => return "whoever reaches it sees passwords and codes".to_owned(),
        Service::Database => Product::Database,
        Service::Storage => Product::Storage,
        Service::Firestore => Product::Firestore,
        _ => return String::new(),
    };
    let rules = plan.rules.iter().filter(|rules| rules.product == product);
    let rules: Vec<String> = rules
        .map(|rules| {
            let named: Vec<&str> = rules.resources.iter().flatten().map(String::as_str).collect();
            let named = if named.is_empty() { String::new() } else { format!(" for {}", named.join(", ")) };
            format!("{}{named}", rules.path.display())
        })
        .collect();
    let only = if service == Service::Firestore { "rules endpoints only" } else { "" };
    match (rules.is_empty(), only) {
        (true, "") => "no rules".to_owned(),
        (true, only) => only.to_owned(),
        (false, "") => rules.join("; "),
        (false, only) => format!("{}; {only}", rules.join("; ")),
    }
}
