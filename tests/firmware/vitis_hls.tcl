# A stand-in for Vitis HLS: it knows the commands that our script uses, with the options and the order of UG1399, and
# refuses anything else. C simulation and cosimulation compile and run the test bench by g++ with the headers of
# HLS_INCLUDE; in cosimulation, HLS_WRONG spoils what it leaves. Each call is a line of the file in HLS_CALLS.
#   tclsh vitis_hls.tcl -f SCRIPT

namespace eval standin {variable project "" solution "" top "" part "" clock "" sources {} bench {} flags {} done {}}

proc standin::call {name arguments needs} {
    variable project
    variable solution
    variable top
    variable part
    variable clock
    variable done
    set log [open $::env(HLS_CALLS) a]
    puts $log [list $name {*}$arguments]
    close $log
    foreach need $needs {
        if {[set $need] eq ""} {error "ERROR: \[HLS 200-101\] '$name': no $need"}
    }
}

proc standin::options {name arguments flags valued} {
    set found [dict create]
    set rest {}
    while {[llength $arguments]} {
        set arguments [lassign $arguments word]
        set word [lindex [split $word =] 0]
        if {$word in $flags} {
            dict set found $word 1
        } elseif {$word in $valued} {
            set arguments [lassign $arguments value]
            dict set found $word $value
        } elseif {[string match -* $word]} {
            error "ERROR: \[HLS 200-101\] '$name': Unknown option '$word'"
        } else {
            lappend rest $word
        }
    }
    return [list $found $rest]
}

proc open_project {args} {
    standin::call open_project $args {}
    lassign [standin::options open_project $args {-reset} {}] options name
    set standin::project [file normalize $name]
    file mkdir $standin::project
}

proc set_top {name} {standin::call set_top [list $name] project; set standin::top $name}

proc add_files {args} {
    standin::call add_files $args project
    lassign [standin::options add_files $args {-tb} {-cflags}] options files
    foreach file $files {
        if {![file exists $file]} {error "ERROR: \[HLS 200-10\] Cannot find source file '$file'"}
        if {[file extension $file] ne ".cpp"} {continue}
        lappend [expr {[dict exists $options -tb] ? "standin::bench" : "standin::sources"}] $file
        set standin::flags [dict get $options -cflags]
    }
    set standin::bench [lsort -unique $standin::bench]
}

proc open_solution {args} {
    standin::call open_solution $args project
    lassign [standin::options open_solution $args {-reset} {-flow_target}] options name
    if {[dict get $options -flow_target] ni {vivado vitis}} {error "ERROR: no such -flow_target"}
    set standin::solution [file join $standin::project $name]
    file mkdir $standin::solution
}

proc set_part {part} {standin::call set_part [list $part] solution; set standin::part $part}

proc create_clock {args} {
    standin::call create_clock $args solution
    lassign [standin::options create_clock $args {} {-period -name}] options
    if {[dict get $options -period] <= 0} {error "ERROR: no such period"}
    set standin::clock [dict get $options -name]
}

proc set_clock_uncertainty {share clock} {
    standin::call set_clock_uncertainty [list $share $clock] clock
    if {![regexp {^[0-9.]+%?$} $share] || $clock ne $standin::clock} {error "ERROR: no such clock"}
}

proc config_compile {args} {
    standin::call config_compile $args solution
    standin::options config_compile $args {} {-name_max_length}
}

proc config_schedule {args} {
    standin::call config_schedule $args solution
    standin::options config_schedule $args {-enable_dsp_full_reg} {}
}

# Compile and run the test bench where it finds tb_data.
proc standin::bench_run {kind} {
    variable sources
    variable bench
    variable flags
    set program [file join $standin::solution $kind]
    if {![file exists $program]} {exec g++ {*}$flags -I$::env(HLS_INCLUDE) {*}$sources {*}$bench -o $program 2>@stderr}
    set here [pwd]
    cd [file dirname [lindex $bench 0]]
    exec $program
    cd $here
}

proc csim_design {args} {standin::call csim_design $args {top part}; standin::bench_run csim}

proc csynth_design {} {
    standin::call csynth_design {} {top part clock}
    if {$standin::sources eq ""} {error "ERROR: no sources"}
    file mkdir [file join $standin::solution syn report]
    file copy -force $::env(HLS_REPORT) [file join $standin::solution syn report csynth.xml]
    set standin::done csynth
}

proc cosim_design {args} {
    standin::call cosim_design $args done
    standin::options cosim_design $args {} {-rtl -trace_level}
    if {![string match *RTL_SIM* $standin::flags]} {error "ERROR: the test bench is not of cosimulation"}
    standin::bench_run cosim
    if {[info exists ::env(HLS_WRONG)]} {
        set log [open [file join [file dirname [lindex $standin::bench 0]] tb_data rtl_cosim_results.log] a]
        puts $log "0 0"
        close $log
    }
}

proc export_design {args} {
    standin::call export_design $args done
    standin::options export_design $args {} {-format -version}
}

if {[lindex $argv 0] eq "-f"} {
    set script [lindex $argv 1]
} elseif {[lrange $argv 0 2] eq {--mode hls --tcl}} {
    set script [lindex $argv 3]
} else {
    puts stderr "ERROR: unknown options $argv"
    exit 1
}
if {[catch {source $script} message]} {
    puts stderr $message
    exit 1
}
