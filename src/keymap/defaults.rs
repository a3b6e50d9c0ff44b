//! The one table of keys: what each action is called in the configuration, what the help says
//! about it, and which keys mean it where until the user says otherwise.

use crate::action::{Action, SEEK_FAR_SECONDS};
use crate::keymap::KeyScope;

/// Headings of the help, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Group {
    Playback,
    Voice,
    KeyTempo,
    Lyrics,
    Editor,
    Lists,
    Jobs,
    Everywhere,
}

impl Group {
    pub const ALL: [Self; 8] = [
        Self::Playback,
        Self::Voice,
        Self::KeyTempo,
        Self::Lyrics,
        Self::Editor,
        Self::Lists,
        Self::Jobs,
        Self::Everywhere,
    ];

    pub fn title(self) -> &'static str {
        match self {
            Self::Playback => "PLAYBACK",
            Self::Voice => "VOICE",
            Self::KeyTempo => "KEY AND TEMPO",
            Self::Lyrics => "LYRICS",
            Self::Editor => "TIMES OF THE WORDS",
            Self::Lists => "THIS LIST",
            Self::Jobs => "JOBS",
            Self::Everywhere => "EVERYWHERE",
        }
    }
}

/// One action.
#[derive(Debug, Clone, Copy)]
pub struct KeymapRow {
    pub action: Action,
    /// Its name in `[keys]`.
    pub name: &'static str,
    /// The default keys, and where each means this.
    pub keys: &'static [(&'static str, KeyScope)],
    /// What the help says; [`KeymapRow::help_text`] puts the seconds in the place of `{seek}` and `{far}`.
    pub help: &'static str,
    /// One word for the hint line; empty = not worth its room there.
    pub hint: &'static str,
    pub group: Group,
    /// Where the action makes sense: there a key of the user's means it.
    pub scope: KeyScope,
}

impl KeymapRow {
    /// The sentence of the help, for short seeks of `seek_seconds`.
    pub fn help_text(&self, seek_seconds: f64) -> String {
        self.help
            .replace("{seek}", &seek_seconds.to_string())
            .replace("{far}", &SEEK_FAR_SECONDS.to_string())
    }
}

use Action as A;
use Group as G;
use KeyScope as S;

macro_rules! table {
    ($($action:ident $name:literal [$($key:literal $at:ident),*] $scope:ident $group:ident $hint:literal $help:literal;)*) => {
        &[$(KeymapRow {
            action: A::$action,
            name: $name,
            keys: &[$(($key, S::$at)),*],
            help: $help,
            hint: $hint,
            group: G::$group,
            scope: S::$scope,
        }),*]
    };
}

/// Every action once, in the order help and hints show them:
/// action, name, keys and where, scope, group, hint, help.
#[rustfmt::skip]
pub const TABLE: &[KeymapRow] = table![
    SingThis       "sing"             ["Enter" LISTS]                               LISTS          Lists      "sing"     "sing this song now";
    VocalsUp       "vocals-up"        ["Up" SING, ")" ALWAYS]                       ALWAYS         Voice      "singer"   "more of the singer, 5 %";
    VocalsDown     "vocals-down"      ["Down" SING, "(" ALWAYS]                     ALWAYS         Voice      ""         "less of the singer, 5 %";
    VocalsUpFine   "vocals-up-fine"   ["Shift-Up" SING]                             EVERYWHERE     Voice      ""         "more, 1 %";
    VocalsDownFine "vocals-down-fine" ["Shift-Down" SING]                           EVERYWHERE     Voice      ""         "less, 1 %";
    VocalsToggle   "vocals-toggle"    ["v" ALWAYS, "K" SING]                    ALWAYS         Voice      "full/mine/off" "full / mine / off";
    VocalsSolo     "vocals-solo"      ["V" ALWAYS]                              ALWAYS         Voice      ""         "the singer alone, to learn a part";
    KeyUp          "key-up"           ["}" ALWAYS]                              ALWAYS         KeyTempo   ""         "a semitone higher";
    KeyDown        "key-down"         ["{" ALWAYS]                              ALWAYS         KeyTempo   ""         "a semitone lower";
    TempoUp        "tempo-up"         ["]" ALWAYS]                              ALWAYS         KeyTempo   ""         "faster, 5 %";
    TempoDown      "tempo-down"       ["[" ALWAYS]                              ALWAYS         KeyTempo   ""         "slower, 5 %";
    KeyTempoReset  "key-tempo-reset"  ["\\" ALWAYS]                             ALWAYS         KeyTempo   ""         "both as recorded";
    NextLine       "next-line"        ["j" SING]                                    SING           Lyrics     "line"     "next line";
    PreviousLine   "previous-line"    ["k" SING]                                    SING           Lyrics     ""         "previous line";
    RepeatLine     "repeat-line"      ["r" SING]                                    SING           Lyrics     ""         "repeat this line";
    LookOn         "look-on"          ["PageDown" SING]                             SING           Lyrics     ""         "look at the next line";
    LookBack       "look-back"        ["PageUp" SING]                               SING           Lyrics     ""         "look at the line before";
    SingLine       "sing-line"        ["Enter" SING]                                SING           Lyrics     ""         "sing from that line";
    LyricsSooner   "lyrics-sooner"    ["z" SING]                                    SING           Lyrics     ""         "lyrics 50 ms sooner";
    LyricsLater    "lyrics-later"     ["Z" SING]                                    SING           Lyrics     ""         "lyrics 50 ms later";
    LyricsSource   "lyrics-source"    ["L" SING]                                    SING           Lyrics     ""         "choose other lyrics";
    Readings       "readings"         ["f" SING]                                    SING           Lyrics     ""         "how it is read: romaji, pinyin";
    TakeOffset     "take-offset"      ["y" SING]                                    SING           Lyrics     ""         "move the lyrics as suggested";
    EditLyrics     "edit-lyrics"      ["e" SING]                                    SING           Lyrics     ""         "time the words by hand";
    Tap            "stamp"            ["Space" EDITOR]                              EDITOR         Editor     "stamp"    "the next word begins now";
    EndLine        "line-over"        ["Enter" EDITOR]                              EDITOR         Editor     "line over" "the line is over now";
    StepBack       "stamp-back"       ["Backspace" EDITOR]                          EDITOR         Editor     "back"     "take the last stamp away, 2 s back";
    HearLine       "hear-line"        ["r" EDITOR]                                  EDITOR         Editor     "hear"     "hear the line from its start";
    StampSooner    "stamp-sooner"     ["Left" EDITOR]                               EDITOR         Editor     "10 ms"    "the stamp 10 ms sooner";
    StampLater     "stamp-later"      ["Right" EDITOR]                              EDITOR         Editor     ""         "the stamp 10 ms later";
    StampSoonerFar "stamp-sooner-far" ["Shift-Left" EDITOR]                         EDITOR         Editor     ""         "50 ms sooner";
    StampLaterFar  "stamp-later-far"  ["Shift-Right" EDITOR]                        EDITOR         Editor     ""         "50 ms later";
    NextRow        "next-row"         ["j" EDITOR, "Down" EDITOR]                   EDITOR         Editor     "line"     "next line";
    PreviousRow    "previous-row"     ["k" EDITOR, "Up" EDITOR]                     EDITOR         Editor     ""         "previous line";
    NextWord       "next-word"        ["l" EDITOR]                                  EDITOR         Editor     ""         "next word";
    PreviousWord   "previous-word"    ["h" EDITOR]                                  EDITOR         Editor     ""         "previous word";
    ByWords        "by-words"         ["w" EDITOR]                                  EDITOR         Editor     "words/lines" "stamp every word, or only lines";
    ClearStamp     "clear-stamp"      ["x" EDITOR]                                  EDITOR         Editor     ""         "no stamp here";
    DeleteLine     "delete-line"      ["d" EDITOR]                                  EDITOR         Editor     ""         "take the line out";
    UndoStamp      "undo-stamp"       ["u" EDITOR]                                  EDITOR         Editor     "undo"     "take back";
    RedoStamp      "redo-stamp"       ["U" EDITOR, "Ctrl-r" EDITOR]                 EDITOR         Editor     ""         "do it again";
    SaveLyrics     "save-lyrics"      ["s" EDITOR]                                  EDITOR         Editor     "save"     "write an LRC file; its path is asked first";
    LeaveEditor    "leave-editor"     ["Esc" EDITOR]                                EDITOR         Editor     "leave"    "leave; a draft is kept";
    LoopIn         "loop-in"          ["i" SING]                                    SING           Playback   "loop"     "a loop begins here";
    LoopOut        "loop-out"         ["o" SING]                                    SING           Playback   ""         "a loop ends here; again: no loop";
    PlayPause      "play-pause"       ["Space" EVERYWHERE, "p" EDITOR]              ALWAYS         Playback   "pause"    "play or pause";
    SeekBack       "seek-back"        ["Left" EVERYWHERE, "," EDITOR]               ALWAYS         Playback   "seek"     "{seek} s back";
    SeekForward    "seek-forward"     ["Right" EVERYWHERE, "." EDITOR]              ALWAYS         Playback   ""         "{seek} s on";
    SeekBackFar    "seek-back-far"    ["Shift-Left" EVERYWHERE]                     EVERYWHERE     Playback   ""         "{far} s back";
    SeekForwardFar "seek-forward-far" ["Shift-Right" EVERYWHERE]                    EVERYWHERE     Playback   ""         "{far} s on";
    Restart        "restart"          ["0" ALWAYS]                              ALWAYS         Playback   "restart"  "from the start";
    PreviousSong   "previous-song"    ["<" EVERYWHERE]                              EVERYWHERE     Playback   ""         "previous song";
    NextSong       "next-song"        [">" EVERYWHERE]                              EVERYWHERE     Playback   "next"     "next song";
    VolumeDown     "volume-down"      ["-" ALWAYS]                              ALWAYS         Playback   ""         "quieter";
    VolumeUp       "volume-up"        ["+" ALWAYS, "=" ALWAYS]              ALWAYS         Playback   ""         "louder";
    Mute           "mute"             ["m" ALWAYS]                              ALWAYS         Playback   ""         "mute";
    Outputs        "outputs"          ["O" ALWAYS]                              ALWAYS         Playback   ""         "where the sound goes, and its delay";
    Down           "down"             ["j" LISTS, "Down" LISTS]                     LISTS          Lists      ""         "down";
    Up             "up"               ["k" LISTS, "Up" LISTS]                       LISTS          Lists      ""         "up";
    HalfPageDown   "half-page-down"   ["Ctrl-d" LISTS, "PageDown" LISTS]            LISTS          Lists      ""         "half a page down";
    HalfPageUp     "half-page-up"     ["Ctrl-u" LISTS, "PageUp" LISTS]              LISTS          Lists      ""         "half a page up";
    Top            "top"              ["g g" LISTS, "Home" LISTS]                   LISTS          Lists      ""         "to the top";
    Bottom         "bottom"           ["G" LISTS, "End" LISTS]                      LISTS          Lists      ""         "to the end";
    ToPlaying      "to-playing"       ["g ." LIBRARY, "g ." SING]                   LIBRARY_AND_SING Lists    ""         "to what is sung now";
    AddToQueue     "add"              ["a" LIBRARY_AND_QUEUE]                       LIBRARY_AND_QUEUE Lists      "add"      "add to the queue";
    PlayNext       "play-next"        ["A" LIBRARY_AND_QUEUE]                       LIBRARY_AND_QUEUE Lists      "next up"  "sing after this one";
    Filter         "filter"           ["f" LIBRARY]                                 LIBRARY        Lists      "filter"   "show only what matches";
    FindNext       "find-next"        ["n" LIBRARY]                                 LIBRARY        Lists      ""         "next match";
    FindPrevious   "find-previous"    ["N" LIBRARY]                                 LIBRARY        Lists      ""         "previous match";
    Separate       "separate"         ["s" LIBRARY]                                 LIBRARY        Jobs       "separate" "separate this song next";
    SeparateShown  "separate-shown"   ["S" LIBRARY]                                 LIBRARY        Jobs       ""         "separate all shown";
    SortTitle      "sort-title"       ["o t" LIBRARY]                               LIBRARY        Lists      ""         "in order of titles";
    SortArtist     "sort-artist"      ["o a" LIBRARY]                               LIBRARY        Lists      ""         "in order of artists";
    SortAdded      "sort-added"       ["o r" LIBRARY]                               LIBRARY        Lists      ""         "recently added first";
    SortPlays      "sort-plays"       ["o p" LIBRARY]                               LIBRARY        Lists      ""         "most often sung first";
    SortSung       "sort-sung"        ["o s" LIBRARY]                               LIBRARY        Lists      ""         "last sung first";
    Pin            "pin"              ["p" LIBRARY]                                 LIBRARY        Jobs       ""         "pin its vocals, or not";
    Rescan         "rescan"           ["u" LIBRARY]                                 LIBRARY        Lists      ""         "look for new songs";
    MoveDown       "move-down"        ["J" QUEUE_AND_JOBS]                          QUEUE_AND_JOBS Lists      "order"    "move down";
    MoveUp         "move-up"          ["K" QUEUE_AND_JOBS]                          QUEUE_AND_JOBS Lists      ""         "move up";
    Remove         "remove"           ["d" QUEUE, "Delete" QUEUE]                   QUEUE          Lists      "remove"   "take out of the queue";
    ClearQueue     "clear-queue"      ["D" QUEUE]                                   QUEUE          Lists      "clear"    "empty the queue";
    Undo           "undo"             ["u" QUEUE]                                   QUEUE          Lists      "undo"     "take the last change of the queue back";
    Singer         "singer"           ["s" QUEUE]                                   QUEUE          Lists      "singer"   "say who sings it: singers take turns";
    Shuffle        "shuffle"          ["x" QUEUE]                                   QUEUE          Lists      "shuffle"  "shuffle, or in order again";
    Repeat         "repeat"           ["r" QUEUE]                                   QUEUE          Lists      "repeat"   "repeat: off, one, all";
    History        "sung"             ["h" QUEUE]                                   QUEUE          Lists      "sung"     "what was sung, and back";
    SaveList       "save-list"        ["W" QUEUE]                                   QUEUE          Lists      ""         "write the queue into an .m3u8 list";
    LoadList       "load-list"        ["L" QUEUE]                                   QUEUE          Lists      ""         "add the songs of a list";
    CancelJob      "cancel"           ["x" JOBS]                                    JOBS           Jobs       "cancel"   "cancel, or drop from the list";
    RetryJob       "retry"            ["r" JOBS]                                    JOBS           Jobs       "retry"    "try again";
    RetryAll       "retry-all"        ["R" JOBS]                                    JOBS           Jobs       ""         "try all failed ones again";
    Find           "find"             ["/" EVERYWHERE]                              EVERYWHERE     Everywhere "find"     "find a song";
    Library        "library"          ["1" EVERYWHERE]                              EVERYWHERE     Everywhere ""         "Library";
    Queue          "queue"            ["2" EVERYWHERE]                              EVERYWHERE     Everywhere ""         "Queue";
    Sing           "sing-screen"      ["3" EVERYWHERE]                              EVERYWHERE     Everywhere ""         "Sing";
    Jobs           "jobs"             ["4" EVERYWHERE]                              EVERYWHERE     Everywhere ""         "Jobs";
    ToggleJobs     "toggle-jobs"      ["w" EVERYWHERE]                              EVERYWHERE     Everywhere ""         "Jobs and back";
    NextScreen     "next-screen"      ["Tab" EVERYWHERE]                            EVERYWHERE     Everywhere ""         "next screen";
    PreviousScreen "previous-screen"  ["Shift-Tab" EVERYWHERE]                      EVERYWHERE     Everywhere ""         "previous screen";
    Back           "back"             ["Esc" EVERYWHERE]                            EVERYWHERE     Everywhere ""         "close, clear, go back";
    Help           "help"             ["?" ALWAYS]                              ALWAYS         Everywhere "help"     "this help";
    Redraw         "redraw"           ["Ctrl-l" ALWAYS]                         ALWAYS         Everywhere ""         "draw again";
    Suspend        "suspend"          ["Ctrl-z" ALWAYS]                         ALWAYS         Everywhere ""         "suspend";
    Quit           "quit"             ["q" EVERYWHERE, "Ctrl-c" ALWAYS]             ALWAYS         Everywhere "quit"     "quit";
];

/// The row of an action.
pub fn row(action: Action) -> &'static KeymapRow {
    // a test holds the table to every action once
    TABLE.iter().find(|row| row.action == action).unwrap_or(&TABLE[0])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keymap::parse_keys;

    #[test]
    fn every_action_stands_in_the_table_once_under_a_name_of_its_own() {
        let mut seen: Vec<usize> = TABLE.iter().map(|row| row.action as usize).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..=Action::LAST as usize).collect::<Vec<_>>());
        let mut names: Vec<_> = TABLE.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
    }

    #[test]
    fn every_default_key_can_be_read() {
        for row in TABLE {
            assert!(!row.keys.is_empty(), "{} has no key", row.name);
            for (keys, _) in row.keys {
                parse_keys(keys).unwrap();
            }
        }
    }
}
