# A stand-in for Vivado in batch mode: it knows the commands that our scripts use, with the options and the order that
# AMD documents (UG835, UG1118), and refuses anything else. Each call is a line of the file in VIVADO_CALLS; reports are
# copies of those in VIVADO_REPORTS.
#   tclsh vivado.tcl -mode batch ?-nojournal? -source SCRIPT ?-tclargs ARGUMENT...?

namespace eval ipx {}
namespace eval standin {
    variable project "" part "" design "" core "" runs {} files {} buses {} parameters {} properties {} steps {}
}

# Note a call; stop unless everything is there that it needs.
proc standin::call {name arguments needs} {
    variable project
    variable design
    variable core
    set log [open $::env(VIVADO_CALLS) a]
    puts $log [list $name {*}$arguments]
    close $log
    foreach need $needs {
        if {[set $need] eq ""} {error "ERROR: \[Common 17-53\] $name needs an open $need"}
    }
}

# Options and values of a call. Flags take no value.
proc standin::options {name arguments flags valued} {
    set found [dict create]
    set rest {}
    while {[llength $arguments]} {
        set arguments [lassign $arguments word]
        if {$word in $flags} {
            dict set found $word 1
        } elseif {$word in $valued} {
            if {![llength $arguments]} {error "ERROR: \[Common 17-157\] $name: $word has no value"}
            set arguments [lassign $arguments value]
            dict set found $word $value
        } elseif {[string match -* $word]} {
            error "ERROR: \[Common 17-170\] Unknown option '$word' of $name"
        } else {
            lappend rest $word
        }
    }
    return [list $found $rest]
}

proc standin::present {files} {
    foreach file $files {
        if {![file exists $file]} {error "ERROR: \[Vivado 12-172\] File '$file' does not exist"}
    }
}

proc create_project {args} {
    standin::call create_project $args {}
    lassign [standin::options create_project $args {-force -in_memory} {-part}] options rest
    if {[llength $rest] != 2} {error "ERROR: create_project takes a name and a folder"}
    if {![regexp {^xc[A-Za-z0-9-]+$} [dict get $options -part]]} {error "ERROR: no such part"}
    set standin::project [lindex $rest 0]
    set standin::part [dict get $options -part]
    set standin::runs {synth_1 new impl_1 new}
    file mkdir [lindex $rest 1]
}

proc add_files {args} {
    standin::call add_files $args project
    lassign [standin::options add_files $args {-norecurse} {-fileset}] options rest
    if {[dict get $options -fileset] ni {sources_1 constrs_1}} {error "ERROR: no such fileset"}
    standin::present {*}$rest
    foreach file [lindex $rest 0] {lappend standin::files [file normalize $file]}
    return [lindex $rest 0]
}

proc get_files {args} {
    standin::call get_files $args project
    foreach file $args {
        if {[file normalize $file] ni $standin::files} {error "ERROR: \[Vivado 12-180\] No files matched '$file'"}
    }
    return $args
}

proc get_filesets {name} {standin::call get_filesets [list $name] project; return $name}

proc update_compile_order {args} {
    standin::call update_compile_order $args project
    standin::options update_compile_order $args {} {-fileset}
}

proc get_runs {name} {
    standin::call get_runs [list $name] project
    if {![dict exists $standin::runs $name]} {error "ERROR: no run $name"}
    return $name
}

proc launch_runs {args} {
    standin::call launch_runs $args project
    lassign [standin::options launch_runs $args {} {-jobs -to_step}] options name
    if {![string is integer -strict [dict get $options -jobs]]} {error "ERROR: -jobs is no number"}
    if {[dict get $standin::runs $name] ne "new"} {error "ERROR: $name was launched before"}
    if {$name eq "impl_1" && [dict get $standin::runs synth_1] ne "done"} {error "ERROR: impl_1 before synth_1"}
    if {[lindex $standin::files 0] eq "" || ![dict exists $standin::properties sources_1.top]} {error "ERROR: no top"}
    dict set standin::runs $name running
}

proc wait_on_run {name} {
    standin::call wait_on_run [list $name] project
    if {[dict get $standin::runs $name] ne "running"} {error "ERROR: $name does not run"}
    dict set standin::runs $name [expr {[info exists ::env(VIVADO_FAILS)] ? "failed" : "done"}]
}

proc open_run {args} {
    standin::call open_run $args project
    lassign [standin::options open_run $args {} {-name}] options name
    if {[dict get $standin::runs $name] ne "done"} {error "ERROR: \[Common 17-69\] $name is not complete"}
    if {$standin::design ne ""} {error "ERROR: another design is open"}
    set standin::design $name
}

proc close_design {} {standin::call close_design {} design; set standin::design ""}
proc close_project {} {standin::call close_project {} project; set standin::project ""; set standin::design ""}

proc get_property {name object} {
    standin::call get_property [list $name $object] project
    set state [dict get $standin::runs $object]
    switch $name {
        PROGRESS {return [expr {$state eq "done" ? "100%" : "40%"}]}
        STATUS {return "synth_design ERROR"}
        DIRECTORY {return "/runs/$object"}
        default {error "ERROR: \[Common 17-54\] The object '$object' does not have a property '$name'"}
    }
}

proc set_property {args} {
    standin::call set_property $args project
    lassign [standin::options set_property $args {} {-name -value -objects}] options rest
    if {[dict size $options]} {
        set rest [list [dict get $options -name] [dict get $options -value] [dict get $options -objects]]
    }
    if {[llength $rest] != 3} {error "ERROR: set_property takes a name, a value and an object"}
    lassign $rest name value object
    if {$object eq ""} {error "ERROR: \[Common 17-55\] 'set_property' expects at least one object"}
    dict set standin::properties $object.$name $value
}

proc standin::report {kind file} {
    set state [expr {$standin::design eq "synth_1" ? "Synthesized" : "Routed"}]
    set source [open [file join $::env(VIVADO_REPORTS) $kind.rpt]]
    set text [string map [list @STATE@ $state @PART@ $standin::part @TOP@ $standin::project] [read $source]]
    close $source
    set target [open $file w]
    puts -nonewline $target $text
    close $target
}

proc report_utilization {args} {
    standin::call report_utilization $args design
    lassign [standin::options report_utilization $args {-hierarchical} {-file}] options
    standin::report [expr {[dict exists $options -hierarchical] ? "hierarchy" : "utilization"}] [dict get $options -file]
}

proc report_timing_summary {args} {
    standin::call report_timing_summary $args design
    lassign [standin::options report_timing_summary $args {} {-file -delay_type -max_paths}] options
    if {[dict get $options -delay_type] ni {max min min_max}} {error "ERROR: no such -delay_type"}
    standin::report timing [dict get $options -file]
}

proc write_checkpoint {args} {
    standin::call write_checkpoint $args design
    lassign [standin::options write_checkpoint $args {-force} {}] options file
    close [open $file w]
}

# IP packager

proc ipx::package_project {args} {
    standin::call ipx::package_project $args project
    set valued {-root_dir -vendor -library -taxonomy}
    lassign [standin::options ipx::package_project $args {-import_files -force} $valued] options
    set folder [dict get $options -root_dir]
    set standin::core $folder
    file mkdir [file join $folder src]
    foreach file $standin::files {file copy -force $file [file join $folder src]}
    # What ipx finds by itself: clock and reset by their names, AXI4-Stream by the names of all its ports.
    set standin::buses [dict create clk xilinx.com:signal:clock_rtl:1.0]
}

proc ipx::current_core {} {standin::call ipx::current_core {} core; return $standin::core}

proc ipx::get_bus_interfaces {args} {
    standin::call ipx::get_bus_interfaces $args core
    lassign [standin::options ipx::get_bus_interfaces $args {-quiet} {-of_objects}] options name
    return [expr {[dict exists $standin::buses $name] ? $name : ""}]
}

proc ipx::infer_bus_interface {ports kind core} {
    standin::call ipx::infer_bus_interface [list $ports $kind $core] core
    set name [expr {[llength $ports] > 1 ? [join [lrange [split [lindex $ports 0] _] 0 end-1] _] : $ports}]
    dict set standin::buses $name $kind
}

proc ipx::get_bus_parameters {args} {
    standin::call ipx::get_bus_parameters $args core
    lassign [standin::options ipx::get_bus_parameters $args {-quiet} {-of_objects}] options name
    set key [dict get $options -of_objects].$name
    return [expr {$key in $standin::parameters ? $key : ""}]
}

proc ipx::add_bus_parameter {name bus} {
    standin::call ipx::add_bus_parameter [list $name $bus] core
    lappend standin::parameters $bus.$name
    return $bus.$name
}

proc ipx::associate_bus_interfaces {args} {
    standin::call ipx::associate_bus_interfaces $args core
    lassign [standin::options ipx::associate_bus_interfaces $args {} {-busif -clock -reset}] options
    foreach {option name} $options {
        if {![dict exists $standin::buses $name]} {error "ERROR: \[IP_Flow 19-3461\] no interface $name"}
    }
}

foreach step {create_xgui_files update_checksums check_integrity save_core} {
    proc ipx::$step {core} "
        standin::call ipx::$step \[list \$core\] core
        lappend standin::steps $step
        if {{$step} eq {save_core}} {
            if {\$standin::steps ne {create_xgui_files update_checksums check_integrity save_core}} {
                error {ERROR: the core is saved before it is complete}
            }
            close \[open \[file join \$core component.xml\] w\]
        }
    "
}

# The command line

set script ""
while {[llength $argv]} {
    set argv [lassign $argv word]
    switch -- $word {
        -mode {set argv [lassign $argv mode]}
        -source {set argv [lassign $argv script]}
        -nojournal {}
        -tclargs {break}
        default {puts stderr "ERROR: unknown option $word"; exit 1}
    }
}
if {[catch {source $script} message]} {
    puts stderr [expr {[string match ERROR* $message] ? $message : "ERROR: $message"}]
    exit 1
}
