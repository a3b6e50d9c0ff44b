//! The chooser of outputs: which one is heard, which one was chosen, how late each of them is.

use ratatui::style::Style;

use crate::app::App;
use crate::app::queries::current_output;
use crate::ui::canvas::Canvas;
use crate::ui::picker_row::PickerRow;

pub(super) fn draw(app: &App, canvas: &mut Canvas) {
    canvas.rule(0, "where the sound goes");
    let heard = current_output(app);
    let lines = app.outputs.lines();
    let rows = canvas.height().saturating_sub(2);
    let first = app.outputs.cursor.view(lines.len(), rows);
    for (row, (at, line)) in lines.iter().enumerate().skip(first).take(rows).enumerate() {
        let selected = at == app.outputs.cursor.at;
        let name = match (&line.name, &app.settings.device) {
            (Some(name), _) => name.clone(),
            (None, Some(device)) => format!("as configured: {device}"),
            (None, None) => "the system's default".into(),
        };
        let is_heard = heard.is_some() && line.name.as_deref() == heard;
        let mut about = Vec::new();
        if is_heard {
            about.push("heard now".to_owned());
        }
        if line.name == app.outputs.saved.chosen {
            about.push("chosen".into());
        }
        if !line.available {
            about.push("not there; used as soon as it is".into());
        }
        let delayed = line.name.as_deref().or(heard);
        let delay = delayed.map_or(0, |name| app.outputs.delay(name));
        if delay > 0 || selected && delayed.is_some() {
            about.push(format!("heard {delay} ms late"));
        }
        let theme = canvas.theme;
        let style = match (line.available, is_heard) {
            (false, _) => theme.dim(),
            (true, true) => theme.good(),
            (true, false) => Style::new(),
        };
        let choice = PickerRow {
            selected,
            in_use: is_heard,
            name: &name,
            style,
            about: &about,
        };
        choice.draw(row + 2, canvas);
    }
}
