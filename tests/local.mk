if TESTS_WANTED
check_LIBRARIES += libtestsupport.a
libtestsupport_a_SOURCES = \
	tests/support/corefix.c \
	tests/support/corefix.h \
	tests/support/fakecontrol.h \
	tests/support/fakemodal.c \
	tests/support/fakemodal.h \
	tests/support/fakesandbox.c \
	tests/support/fakesandbox.h \
	tests/support/fakewire.h \
	tests/support/machine.c \
	tests/support/machine.h \
	tests/support/patience.h \
	tests/support/ptyscreen.c \
	tests/support/ptyscreen.h
tests_unit_test_canvas_SOURCES = tests/unit/test-canvas.c
tests_unit_test_canvas_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_cmd_SOURCES = tests/unit/test-cmd.c
tests_unit_test_cmd_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_clean_SOURCES = tests/unit/test-clean.c src/cli/clean.c
tests_unit_test_clean_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_config_SOURCES = tests/unit/test-config.c
tests_unit_test_config_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_core_samples_SOURCES = tests/unit/test-core-samples.c
tests_unit_test_core_samples_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_core_SOURCES = tests/unit/test-core.c
tests_unit_test_core_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_event_SOURCES = tests/unit/test-event.c
tests_unit_test_event_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_gitstore_SOURCES = tests/unit/test-gitstore.c
tests_unit_test_gitstore_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_golden_SOURCES = tests/unit/test-golden.c
tests_unit_test_golden_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_grpc_curl_SOURCES = tests/unit/test-grpc-curl.c
tests_unit_test_grpc_curl_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_grpc_frame_SOURCES = tests/unit/test-grpc-frame.c
tests_unit_test_grpc_frame_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_grpc_retry_SOURCES = tests/unit/test-grpc-retry.c
tests_unit_test_grpc_retry_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_grpc_SOURCES = tests/unit/test-grpc.c
tests_unit_test_grpc_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_https_SOURCES = tests/unit/test-https.c
tests_unit_test_https_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_journal_SOURCES = tests/unit/test-journal.c
tests_unit_test_journal_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_journal_queue_SOURCES = tests/unit/test-journal-queue.c
tests_unit_test_journal_queue_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_keys_SOURCES = tests/unit/test-keys.c
tests_unit_test_keys_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_layout_SOURCES = tests/unit/test-layout.c
tests_unit_test_layout_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_loop_SOURCES = tests/unit/test-loop.c
tests_unit_test_loop_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_markdown_SOURCES = tests/unit/test-markdown.c
tests_unit_test_markdown_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_attach_SOURCES = tests/unit/test-modal-attach.c
tests_unit_test_modal_attach_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_config_SOURCES = tests/unit/test-modal-config.c
tests_unit_test_modal_config_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_dir_SOURCES = tests/unit/test-modal-dir.c
tests_unit_test_modal_dir_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_exec_SOURCES = tests/unit/test-modal-exec.c
tests_unit_test_modal_exec_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_kept_SOURCES = tests/unit/test-modal-kept.c
tests_unit_test_modal_kept_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_large_SOURCES = tests/unit/test-modal-large.c
tests_unit_test_modal_large_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_order_SOURCES = tests/unit/test-modal-order.c
tests_unit_test_modal_order_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_phase_SOURCES = tests/unit/test-modal-phase.c
tests_unit_test_modal_phase_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_settings_SOURCES = tests/unit/test-modal-settings.c src/cli/modal-settings.c
tests_unit_test_modal_settings_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_store_SOURCES = tests/unit/test-modal-store.c
tests_unit_test_modal_store_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_modal_SOURCES = tests/unit/test-modal.c
tests_unit_test_modal_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_opening_SOURCES = tests/unit/test-opening.c
tests_unit_test_opening_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_paint_SOURCES = tests/unit/test-paint.c
tests_unit_test_paint_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_pane_edit_draw_SOURCES = tests/unit/test-pane-edit-draw.c
tests_unit_test_pane_edit_draw_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_pane_edit_SOURCES = tests/unit/test-pane-edit.c
tests_unit_test_pane_edit_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_pane_files_SOURCES = tests/unit/test-pane-files.c
tests_unit_test_pane_files_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_pane_term_SOURCES = tests/unit/test-pane-term.c
tests_unit_test_pane_term_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_pane_tests_SOURCES = tests/unit/test-pane-tests.c
tests_unit_test_pane_tests_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_panes_SOURCES = tests/unit/test-panes.c
tests_unit_test_panes_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_predict_SOURCES = tests/unit/test-predict.c
tests_unit_test_predict_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_problem_SOURCES = tests/unit/test-problem.c
tests_unit_test_problem_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_problems_SOURCES = tests/unit/test-problems.c
tests_unit_test_problems_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_replay_SOURCES = tests/unit/test-replay.c
tests_unit_test_replay_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_resume_SOURCES = tests/unit/test-resume.c
tests_unit_test_resume_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_sandbox_SOURCES = tests/unit/test-sandbox.c
tests_unit_test_sandbox_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_screen_style_SOURCES = tests/unit/test-screen-style.c
tests_unit_test_screen_style_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_state_SOURCES = tests/unit/test-state.c
tests_unit_test_state_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_testrun_web_SOURCES = tests/unit/test-testrun-web.c
tests_unit_test_testrun_web_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_testrun_SOURCES = tests/unit/test-testrun.c
tests_unit_test_testrun_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_text_SOURCES = tests/unit/test-text.c
tests_unit_test_text_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_theme_SOURCES = tests/unit/test-theme.c
tests_unit_test_theme_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_type_ahead_SOURCES = tests/unit/test-type-ahead.c
tests_unit_test_type_ahead_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_vt_parse_SOURCES = tests/unit/test-vt-parse.c
tests_unit_test_vt_parse_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_unit_test_vt_SOURCES = tests/unit/test-vt.c
tests_unit_test_vt_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_crash_test_disk_full_SOURCES = tests/crash/test-disk-full.c
tests_crash_test_disk_full_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_crash_test_git_kill_SOURCES = tests/crash/test-git-kill.c
tests_crash_test_git_kill_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_crash_test_journal_kill_SOURCES = tests/crash/test-journal-kill.c
tests_crash_test_journal_kill_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_demo_SOURCES = tests/e2e/test-demo.c
tests_e2e_test_demo_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_hover_SOURCES = tests/e2e/test-hover.c
tests_e2e_test_hover_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_modal_account_SOURCES = tests/e2e/test-modal-account.c
tests_e2e_test_modal_account_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_modal_resume_SOURCES = tests/e2e/test-modal-resume.c
tests_e2e_test_modal_resume_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_modal_session_SOURCES = tests/e2e/test-modal-session.c
tests_e2e_test_modal_session_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_programs_SOURCES = tests/e2e/test-programs.c
tests_e2e_test_programs_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_records_SOURCES = tests/e2e/test-records.c
tests_e2e_test_records_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_session_SOURCES = tests/e2e/test-session.c
tests_e2e_test_session_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_start_SOURCES = tests/e2e/test-start.c
tests_e2e_test_start_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_submissions_SOURCES = tests/e2e/test-submissions.c
tests_e2e_test_submissions_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_e2e_test_volume_files_SOURCES = tests/e2e/test-volume-files.c
tests_e2e_test_volume_files_LDADD = libtestsupport.a libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS) $(CMOCKA_LIBS) -lutil
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz-config.c tests/fuzz/driver.c
tests_fuzz_fuzz_config_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_event_SOURCES = tests/fuzz/fuzz-event.c tests/fuzz/driver.c
tests_fuzz_fuzz_event_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_grpc_SOURCES = tests/fuzz/fuzz-grpc.c tests/fuzz/driver.c
tests_fuzz_fuzz_grpc_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_keys_SOURCES = tests/fuzz/fuzz-keys.c tests/fuzz/driver.c
tests_fuzz_fuzz_keys_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_markdown_SOURCES = tests/fuzz/fuzz-markdown.c tests/fuzz/driver.c
tests_fuzz_fuzz_markdown_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_modal_config_SOURCES = tests/fuzz/fuzz-modal-config.c tests/fuzz/driver.c
tests_fuzz_fuzz_modal_config_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_modal_SOURCES = tests/fuzz/fuzz-modal.c tests/fuzz/driver.c
tests_fuzz_fuzz_modal_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_problem_SOURCES = tests/fuzz/fuzz-problem.c tests/fuzz/driver.c
tests_fuzz_fuzz_problem_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_replay_SOURCES = tests/fuzz/fuzz-replay.c tests/fuzz/driver.c
tests_fuzz_fuzz_replay_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_vt_SOURCES = tests/fuzz/fuzz-vt.c tests/fuzz/driver.c
tests_fuzz_fuzz_vt_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
tests_fuzz_fuzz_web_answer_SOURCES = tests/fuzz/fuzz-web-answer.c tests/fuzz/driver.c
tests_fuzz_fuzz_web_answer_LDADD = libui.a libcore.a libgitstore.a libcore.a $(UI_LIBS) $(CORE_LIBS) $(GIT2_LIBS) $(MODAL_LIBS)
check_PROGRAMS += \
	tests/unit/test-canvas \
	tests/unit/test-cmd \
	tests/unit/test-clean \
	tests/unit/test-config \
	tests/unit/test-core-samples \
	tests/unit/test-core \
	tests/unit/test-event \
	tests/unit/test-gitstore \
	tests/unit/test-golden \
	tests/unit/test-grpc-curl \
	tests/unit/test-grpc-frame \
	tests/unit/test-grpc-retry \
	tests/unit/test-grpc \
	tests/unit/test-https \
	tests/unit/test-journal \
	tests/unit/test-journal-queue \
	tests/unit/test-keys \
	tests/unit/test-layout \
	tests/unit/test-loop \
	tests/unit/test-markdown \
	tests/unit/test-modal-attach \
	tests/unit/test-modal-config \
	tests/unit/test-modal-dir \
	tests/unit/test-modal-exec \
	tests/unit/test-modal-kept \
	tests/unit/test-modal-large \
	tests/unit/test-modal-order \
	tests/unit/test-modal-phase \
	tests/unit/test-modal-settings \
	tests/unit/test-modal-store \
	tests/unit/test-modal \
	tests/unit/test-opening \
	tests/unit/test-paint \
	tests/unit/test-pane-edit-draw \
	tests/unit/test-pane-edit \
	tests/unit/test-pane-files \
	tests/unit/test-pane-term \
	tests/unit/test-pane-tests \
	tests/unit/test-panes \
	tests/unit/test-predict \
	tests/unit/test-problem \
	tests/unit/test-problems \
	tests/unit/test-replay \
	tests/unit/test-resume \
	tests/unit/test-sandbox \
	tests/unit/test-screen-style \
	tests/unit/test-state \
	tests/unit/test-testrun-web \
	tests/unit/test-testrun \
	tests/unit/test-text \
	tests/unit/test-theme \
	tests/unit/test-type-ahead \
	tests/unit/test-vt-parse \
	tests/unit/test-vt \
	tests/crash/test-disk-full \
	tests/crash/test-git-kill \
	tests/crash/test-journal-kill \
	tests/e2e/test-demo \
	tests/e2e/test-hover \
	tests/e2e/test-modal-account \
	tests/e2e/test-modal-resume \
	tests/e2e/test-modal-session \
	tests/e2e/test-programs \
	tests/e2e/test-records \
	tests/e2e/test-session \
	tests/e2e/test-start \
	tests/e2e/test-submissions \
	tests/e2e/test-volume-files \
	tests/fuzz/fuzz-config \
	tests/fuzz/fuzz-event \
	tests/fuzz/fuzz-grpc \
	tests/fuzz/fuzz-keys \
	tests/fuzz/fuzz-markdown \
	tests/fuzz/fuzz-modal-config \
	tests/fuzz/fuzz-modal \
	tests/fuzz/fuzz-problem \
	tests/fuzz/fuzz-replay \
	tests/fuzz/fuzz-vt \
	tests/fuzz/fuzz-web-answer
TESTS += \
	tests/unit/test-canvas \
	tests/unit/test-cmd \
	tests/unit/test-clean \
	tests/unit/test-config \
	tests/unit/test-core-samples \
	tests/unit/test-core \
	tests/unit/test-event \
	tests/unit/test-gitstore \
	tests/unit/test-golden \
	tests/unit/test-grpc-curl \
	tests/unit/test-grpc-frame \
	tests/unit/test-grpc-retry \
	tests/unit/test-grpc \
	tests/unit/test-https \
	tests/unit/test-journal \
	tests/unit/test-journal-queue \
	tests/unit/test-keys \
	tests/unit/test-layout \
	tests/unit/test-loop \
	tests/unit/test-markdown \
	tests/unit/test-modal-attach \
	tests/unit/test-modal-config \
	tests/unit/test-modal-dir \
	tests/unit/test-modal-exec \
	tests/unit/test-modal-kept \
	tests/unit/test-modal-large \
	tests/unit/test-modal-order \
	tests/unit/test-modal-phase \
	tests/unit/test-modal-settings \
	tests/unit/test-modal-store \
	tests/unit/test-modal \
	tests/unit/test-opening \
	tests/unit/test-paint \
	tests/unit/test-pane-edit-draw \
	tests/unit/test-pane-edit \
	tests/unit/test-pane-files \
	tests/unit/test-pane-term \
	tests/unit/test-pane-tests \
	tests/unit/test-panes \
	tests/unit/test-predict \
	tests/unit/test-problem \
	tests/unit/test-problems \
	tests/unit/test-replay \
	tests/unit/test-resume \
	tests/unit/test-sandbox \
	tests/unit/test-screen-style \
	tests/unit/test-state \
	tests/unit/test-testrun-web \
	tests/unit/test-testrun \
	tests/unit/test-text \
	tests/unit/test-theme \
	tests/unit/test-type-ahead \
	tests/unit/test-vt-parse \
	tests/unit/test-vt \
	tests/crash/test-disk-full \
	tests/crash/test-git-kill \
	tests/crash/test-journal-kill \
	tests/e2e/test-demo \
	tests/e2e/test-hover \
	tests/e2e/test-modal-account \
	tests/e2e/test-modal-resume \
	tests/e2e/test-modal-session \
	tests/e2e/test-programs \
	tests/e2e/test-records \
	tests/e2e/test-session \
	tests/e2e/test-start \
	tests/e2e/test-submissions \
	tests/e2e/test-volume-files \
	tests/check-fake-modal \
	tests/check-layers \
	tests/check-size \
	tests/check-modal-doc \
	tests/fuzz/corpora
endif

AM_TESTS_ENVIRONMENT = \
	export srcdir='$(abs_srcdir)' VIVA='$(abs_builddir)/viva' \
	VIVA_INIT='$(abs_builddir)/viva-sandbox-init' \
	FUZZ_DIR='$(abs_builddir)/tests/fuzz' \
	LC_ALL=C.UTF-8 TERM=xterm-256color TZ=UTC \
	UBSAN_OPTIONS=print_stacktrace=1;

EXTRA_DIST += \
	tests/bench/bench-modal \
	tests/bench/rig.py \
	tests/bench/states.py \
	tests/check-fake-modal \
	tests/check-layers \
	tests/check-modal-doc \
	tests/check-size \
	tests/check-size.allow \
	tests/fuzz/corpora \
	tests/fuzz/corpus/config/mistakes \
	tests/fuzz/corpus/config/settings \
	tests/fuzz/corpus/config/theme \
	tests/fuzz/corpus/event/every-type \
	tests/fuzz/corpus/event/mistakes \
	tests/fuzz/corpus/event/not-utf8 \
	tests/fuzz/corpus/event/raw \
	tests/fuzz/corpus/event/raw-mistakes \
	tests/fuzz/corpus/grpc/compressed \
	tests/fuzz/corpus/grpc/details \
	tests/fuzz/corpus/grpc/head \
	tests/fuzz/corpus/grpc/head-details \
	tests/fuzz/corpus/grpc/head-html \
	tests/fuzz/corpus/grpc/message-cut \
	tests/fuzz/corpus/grpc/messages \
	tests/fuzz/corpus/grpc/too-long \
	tests/fuzz/corpus/keys/keys \
	tests/fuzz/corpus/keys/kitty \
	tests/fuzz/corpus/keys/mouse \
	tests/fuzz/corpus/keys/odd \
	tests/fuzz/corpus/keys/paste \
	tests/fuzz/corpus/markdown/deep \
	tests/fuzz/corpus/markdown/fences \
	tests/fuzz/corpus/markdown/formulas \
	tests/fuzz/corpus/markdown/formulas-kattis \
	tests/fuzz/corpus/markdown/narrow-ascii \
	tests/fuzz/corpus/markdown/not-utf8 \
	tests/fuzz/corpus/markdown/statement \
	tests/fuzz/corpus/markdown/table \
	tests/fuzz/corpus/markdown/wide \
	tests/fuzz/corpus/modal-config/not-ours \
	tests/fuzz/corpus/modal-config/plain \
	tests/fuzz/corpus/modal-config/profiles \
	tests/fuzz/corpus/modal/changed \
	tests/fuzz/corpus/modal/cuts \
	tests/fuzz/corpus/modal/garbage \
	tests/fuzz/corpus/modal/good \
	tests/fuzz/corpus/modal/key-expires \
	tests/fuzz/corpus/modal/no-token \
	tests/fuzz/corpus/modal/not-found \
	tests/fuzz/corpus/modal/refused \
	tests/fuzz/corpus/modal/unavailable \
	tests/fuzz/corpus/modal/url \
	tests/fuzz/corpus/modal/walk \
	tests/fuzz/corpus/problem/anchors \
	tests/fuzz/corpus/problem/constants \
	tests/fuzz/corpus/problem/cycle \
	tests/fuzz/corpus/problem/deep \
	tests/fuzz/corpus/problem/extra-inputs \
	tests/fuzz/corpus/problem/flags \
	tests/fuzz/corpus/problem/good \
	tests/fuzz/corpus/problem/groups \
	tests/fuzz/corpus/problem/groups-refused \
	tests/fuzz/corpus/problem/limits \
	tests/fuzz/corpus/problem/list \
	tests/fuzz/corpus/problem/names \
	tests/fuzz/corpus/problem/no-answer \
	tests/fuzz/corpus/problem/no-statement \
	tests/fuzz/corpus/problem/not-utf8 \
	tests/fuzz/corpus/problem/nothing \
	tests/fuzz/corpus/problem/only-suffix \
	tests/fuzz/corpus/problem/tabs \
	tests/fuzz/corpus/problem/two-documents \
	tests/fuzz/corpus/problem/utf16 \
	tests/fuzz/corpus/replay/attached \
	tests/fuzz/corpus/replay/changed \
	tests/fuzz/corpus/replay/every-type \
	tests/fuzz/corpus/replay/garbage-line \
	tests/fuzz/corpus/replay/no-bytes \
	tests/fuzz/corpus/replay/odd-order \
	tests/fuzz/corpus/replay/raw \
	tests/fuzz/corpus/replay/raw-changed \
	tests/fuzz/corpus/replay/raw-torn \
	tests/fuzz/corpus/replay/sizes \
	tests/fuzz/corpus/replay/time-goes-back \
	tests/fuzz/corpus/replay/torn \
	tests/fuzz/corpus/replay/zeros-behind \
	tests/fuzz/corpus/vt/alt_screen \
	tests/fuzz/corpus/vt/hostile \
	tests/fuzz/corpus/vt/restore \
	tests/fuzz/corpus/vt/scroll_region \
	tests/fuzz/corpus/vt/sgr_dense \
	tests/fuzz/corpus/vt/unicode \
	tests/fuzz/corpus/web-answer/failure \
	tests/fuzz/corpus/web-answer/good \
	tests/fuzz/corpus/web-answer/html \
	tests/fuzz/corpus/web-answer/odd \
	tests/fuzz/corpus/web-answer/order \
	tests/golden/config-mistake.txt \
	tests/golden/editor-find.txt \
	tests/golden/editor-zoomed.txt \
	tests/golden/files-rename.txt \
	tests/golden/help.txt \
	tests/golden/no-sandbox.txt \
	tests/golden/not-saved-quit.txt \
	tests/golden/opened.txt \
	tests/golden/opening-palette.txt \
	tests/golden/opening-reload.txt \
	tests/golden/opening.txt \
	tests/golden/palette.txt \
	tests/golden/problem.txt \
	tests/golden/replay-help.txt \
	tests/golden/replay-seek.txt \
	tests/golden/replay-wide.txt \
	tests/golden/small-submit.txt \
	tests/golden/start.txt \
	tests/golden/tests-cancelled.txt \
	tests/golden/tests-compile-error.txt \
	tests/golden/tests-crash.txt \
	tests/golden/tests-judge-error.txt \
	tests/golden/tests-older.txt \
	tests/golden/tests-running.txt \
	tests/golden/tests-wrong.txt \
	tests/golden/too-small-quit.txt \
	tests/golden/wide-16.txt \
	tests/golden/wide-ascii.txt \
	tests/golden/wide-dark.txt \
	tests/golden/wide-light.txt \
	tests/golden/wide-no-color.txt \
	tests/modal/README.md \
	tests/modal/check-proto \
	tests/modal/compare-go.allow \
	tests/modal/compare-js.allow \
	tests/modal/compare-python.allow \
	tests/modal/compare-requests \
	tests/modal/conformance/act.mjs \
	tests/modal/conformance/act.py \
	tests/modal/conformance/common.sh \
	tests/modal/conformance/conformance.mjs \
	tests/modal/conformance/conformance.py \
	tests/modal/conformance/coverage-go \
	tests/modal/conformance/coverage-js \
	tests/modal/conformance/coverage-python \
	tests/modal/conformance/go/accounts.go \
	tests/modal/conformance/go/act.go \
	tests/modal/conformance/go/check.go \
	tests/modal/conformance/go/checks.go \
	tests/modal/conformance/go/ends.go \
	tests/modal/conformance/go/files.go \
	tests/modal/conformance/go/go.mod \
	tests/modal/conformance/go/go.sum \
	tests/modal/conformance/go/main.go \
	tests/modal/conformance/go/programs.go \
	tests/modal/conformance/go/protos.go \
	tests/modal/conformance/go/sandboxes.go \
	tests/modal/conformance/go/streams.go \
	tests/modal/conformance/go/volumes.go \
	tests/modal/conformance/protos.py \
	tests/modal/conformance/python-packages \
	tests/modal/conformance/python/accounts.py \
	tests/modal/conformance/python/ends.py \
	tests/modal/conformance/python/files.py \
	tests/modal/conformance/python/programs.py \
	tests/modal/conformance/python/sandboxes.py \
	tests/modal/conformance/python/streams.py \
	tests/modal/conformance/python/suite.py \
	tests/modal/conformance/python/volumes.py \
	tests/modal/conformance/run \
	tests/modal/conformance/run-go \
	tests/modal/conformance/run-js \
	tests/modal/conformance/run-python \
	tests/modal/conformance/speed.mjs \
	tests/modal/evidence \
	tests/modal/fake-modal \
	tests/modal/fake/__init__.py \
	tests/modal/fake/agent.py \
	tests/modal/fake/base.py \
	tests/modal/fake/blocks.py \
	tests/modal/fake/box.py \
	tests/modal/fake/control.py \
	tests/modal/fake/exec.py \
	tests/modal/fake/fstools.py \
	tests/modal/fake/more.proto \
	tests/modal/fake/net.py \
	tests/modal/fake/pump.py \
	tests/modal/fake/router.py \
	tests/modal/fake/server.py \
	tests/modal/fake/stdio.py \
	tests/modal/fake/store.py \
	tests/modal/fake/stream.py \
	tests/modal/fake/synctool.py \
	tests/modal/fake/volume1.py \
	tests/modal/fake/web.py \
	tests/modal/put-speed \
	tests/modal/self-test \
	tests/unit/golden-fixture.h \
	tests/unit/grpc-fixture.h \
	tests/unit/http-fixture.h \
	tests/unit/modal-far.h \
	tests/unit/modal-live.h \
	tests/unit/modal-rig.h \
	tests/unit/modal-store-fixture.h \
	tests/unit/pane-edit-fixture.h \
	tests/unit/pane-fixture.h \
	tests/unit/skewed-clock.h \
	tests/unit/tcp-fixture.h \
	tests/unit/vt-fixture.h
